using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Storage.Sqlite;

/// <summary>A disk that is really full: a small file system in memory, where this machine lets the tests mount one.</summary>
public sealed class SqliteFullDiskTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private string? _mounted;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Full_WhileRunning_LosesNothingThatWasAcknowledgedAndGoesOnWhenThereIsRoom()
    {
        using var held = DataDirectoryLock.Take(await MountAsync());
        var acknowledged = new List<string>();
        await using (var store = Open(held))
        {
            await store.WriteAsync([Put("first")], Cancel);
            acknowledged.Add("first");
            // Somebody else takes all the room that is left.
            await using (var filler = new FileStream(Path.Combine(_mounted!, "filler"), FileMode.Create))
                await Assert.ThrowsAsync<IOException>(() => filler.WriteAsync(new byte[8 << 20], Cancel).AsTask());
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    await store.WriteAsync([Put($"{i}")], Cancel);
                    acknowledged.Add($"{i}");
                }
            });
            Assert.Matches("disk is full|may be full", refusal.Message);
            Assert.Equal(refusal.Message, store.Health.Reason);
            Assert.Equal(acknowledged.Order(), await IdsAsync(store));

            File.Delete(Path.Combine(_mounted!, "filler"));
            await Eventually.TrueAsync(() => store.Health.IsAvailable);
            await store.WriteAsync([Put("last")], Cancel);
            acknowledged.Add("last");
        }

        await using (var store = Open(held))
            Assert.Equal(acknowledged.Order(), await IdsAsync(store));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_mounted is not null)
            Assert.True(await RunAsync("umount", _mounted), $"{_mounted} stays mounted");
        _folder.Dispose();
    }

    private static StateWrite.Put Put(string id) => new("thing", id, Encoding.UTF8.GetBytes(new string('x', 5_000)));

    private static SqliteStateStore Open(DataDirectoryLock held) => SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);

    private static async Task<IEnumerable<string>> IdsAsync(SqliteStateStore store) => (await store.ListAsync("thing", Cancel)).Select(document => document.Id).Order();

    private static async Task<bool> RunAsync(string program, params string[] arguments) => (await ChildProcess.RunAsync(program, arguments)).ExitCode == 0;

    private async Task<string> MountAsync()
    {
        var path = _folder.File("disk");
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsLinux() || !await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "stream-manager-test", path))
            Assert.Skip("file systems cannot be mounted here: it takes root and its capability to mount");
        return _mounted = path;
    }
}
