using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

public abstract partial class StateStoreContract
{
    private int _models;

    [Fact]
    public void Store_AfterAnySequenceOfOperations_IsLikeADictionary() =>
        Prop.ForAll<byte[]>(bytes => AgreesWithModelAsync(bytes).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();

    /// <summary>Three bytes are a step: what to do, with which documents, expecting what.</summary>
    private async Task AgreesWithModelAsync(byte[] bytes)
    {
        var kind = $"model-{Interlocked.Increment(ref _models)}";
        var model = new SortedDictionary<string, (string Body, long Version)>(StringComparer.Ordinal);
        var newest = 0L;
        foreach (var step in bytes.Chunk(3).Where(step => step.Length == 3))
        {
            var writes = Enumerable.Range(0, 1 + step[0] % 3).Select(i => Write(i, step)).ToImmutableArray();
            var conflict = writes.FirstOrDefault(write => write.ExpectedVersion is { } expected && expected != Actual(write.Id));
            var result = await _store.WriteAsync(writes, Cancel);
            if (conflict is not null)
            {
                Assert.Equal(new StateWriteResult.Conflict(kind, conflict.Id, Actual(conflict.Id)), result);
            }
            else
            {
                var version = Assert.IsType<StateWriteResult.Done>(result).Version;
                Assert.True(version > newest);
                newest = version;
                foreach (var write in writes)
                {
                    if (write is StateWrite.Put put)
                        model[put.Id] = (Encoding.UTF8.GetString(put.Body.Span), version);
                    else
                        model.Remove(write.Id);
                }
            }

            var id = Id(step[1]);
            (string, long)? known = model.TryGetValue(id, out var entry) ? entry : null;
            (string, long)? found = await _store.GetAsync(kind, id, Cancel) is { } document ? (Text(document), document.Version) : null;
            Assert.Equal(known, found);
        }

        Assert.Equal(
            model.Select(entry => (entry.Key, entry.Value.Body, entry.Value.Version)),
            (await _store.ListAsync(kind, Cancel)).OrderBy(stored => stored.Id, StringComparer.Ordinal).Select(stored => (stored.Id, Text(stored), stored.Version)));

        long Actual(string id) => model.TryGetValue(id, out var known) ? known.Version : StateWrite.Absent;

        StateWrite Write(int index, byte[] step)
        {
            var id = Id(step[1] + index);
            long? expected = ((step[2] >> index) % 5) switch
            {
                0 => null,
                1 => StateWrite.Absent,
                2 => Math.Max(1, newest - 1),
                _ => Actual(id),
            };
            return ((step[0] >> (2 + index)) & 1) == 0 ? new StateWrite.Put(kind, id, Encoding.UTF8.GetBytes($"{newest} {index}"), expected) : new StateWrite.Remove(kind, id, expected);
        }
    }

    private static string Id(int number) => "abcde"[number % 5].ToString();
}
