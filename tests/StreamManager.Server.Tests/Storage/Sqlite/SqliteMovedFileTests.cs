using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Storage.Sqlite;

/// <summary>Somebody takes the file away beneath the running server: what is acknowledged must be in the file that the next start opens.</summary>
public sealed class SqliteMovedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string StatePath => _folder.File(SqliteStateStore.FileName);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("state.db")]
    [InlineData("state.db-wal")]
    public async Task Renamed_RefusesChangesUntilItIsMovedBack(string name)
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using (var store = Open(held))
        {
            await store.WriteAsync([Put("before")], Cancel);
            File.Move(_folder.File(name), _folder.File("elsewhere"));
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("meanwhile")], Cancel));
            Assert.Contains($"{name} is gone", refusal.Message, StringComparison.Ordinal);
            Assert.Equal((false, refusal.Message), (store.Health.IsAvailable, store.Health.Reason));
            Assert.DoesNotContain(_folder.Path, store.Health.ForOutsiders, StringComparison.Ordinal);
            Assert.NotNull(await store.GetAsync("thing", "before", Cancel));
            Assert.Null(await store.GetAsync("thing", "meanwhile", Cancel));

            File.Move(_folder.File("elsewhere"), _folder.File(name));
            Assert.IsType<StateWriteResult.Done>(await store.WriteAsync([Put("after")], Cancel));
            Assert.True(store.Health.IsAvailable);
        }

        await using (var store = Open(held))
            Assert.Equal(["after", "before"], (await store.ListAsync("thing", Cancel)).Select(document => document.Id).Order());
    }

    [Fact]
    public async Task Renamed_WhileNothingIsWritten_IsFoundAndItsReturnToo()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using var store = Open(held);
        File.Move(StatePath, _folder.File("elsewhere"));
        await Eventually.TrueAsync(() => !store.Health.IsAvailable);
        File.Move(_folder.File("elsewhere"), StatePath);
        await Eventually.TrueAsync(() => store.Health.IsAvailable);
    }

    [Fact]
    public async Task Replaced_RefusesChangesAndTheNextStartTakesTheNewFile()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using (var store = Open(held))
        {
            await store.WriteAsync([Put("in-both")], Cancel);
            using (var backup = SqliteConnection.Open(StatePath, TimeSpan.FromSeconds(5)))
                backup.Execute($"VACUUM INTO '{_folder.File("backup.db")}'");
            await store.WriteAsync([Put("in-the-old-one")], Cancel);
            File.Move(_folder.File("backup.db"), StatePath, overwrite: true);
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("meanwhile")], Cancel));
            Assert.Contains("another file is in its place", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("start", refusal.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("again")], Cancel));
        }

        File.Delete(StatePath + "-wal");
        File.Delete(StatePath + "-shm");
        await using (var store = Open(held))
            Assert.Equal("in-both", Assert.Single(await store.ListAsync("thing", Cancel)).Id);
    }

    [Fact]
    public async Task Deleted_CanBeCopiedOutOfTheRunningProcess()
    {
        using var held = DataDirectoryLock.Take(_folder.Path);
        await using (var store = Open(held))
        {
            await store.WriteAsync([Put("before")], Cancel);
            File.Delete(StatePath);
            File.Delete(StatePath + "-wal");
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("meanwhile")], Cancel));

            // As docs/operations/running.md says. By another process: one that closes a file loses its own locks on it.
            var copied = await ChildProcess.RunAsync("sh", ["-c", $$"""
                cd /proc/{{Environment.ProcessId}}/fd
                for f in *; do
                  t=$(readlink $f)
                  case "$t" in {{StatePath}}*" (deleted)") cp "$f" "${t% (deleted)}" ;; esac
                done
                """]);
            Assert.True(copied.ExitCode == 0, copied.ErrorTail);
            Assert.Contains("another file is in its place", (await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.WriteAsync([Put("again")], Cancel))).Message, StringComparison.Ordinal);
        }

        await using (var store = Open(held))
            Assert.Equal("before", Assert.Single(await store.ListAsync("thing", Cancel)).Id);
    }

    [Fact]
    public async Task Deleted_UnderTheWholeServer_IsNotReadyAndStaysOnAir()
    {
        await using var server = await RunningServer.StartAsync(folder: _folder);
        await server.PostAsync("/api/start");
        await server.WaitForStateAsync("fallback");
        var data = Directory.GetFiles(_folder.Path, SqliteStateStore.FileName, SearchOption.AllDirectories).Single();
        File.Move(data, data + ".away");
        var refused = await server.PostAsync("/api/destinations", """{ "name": "a", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused.Status, refused.Code));
        Assert.Contains("state.db is gone", refused.Text, StringComparison.Ordinal);
        var health = await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Contains("file of the state is gone", health.Text, StringComparison.Ordinal);
        Assert.Equal("fallback", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());

        File.Move(data + ".away", data);
        Assert.Equal(
            HttpStatusCode.Created,
            (await server.PostAsync("/api/destinations", """{ "name": "b", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""")).Status);
    }

    private static StateWrite.Put Put(string id) => new("thing", id, Encoding.UTF8.GetBytes(id));

    private static SqliteStateStore Open(DataDirectoryLock held) => SqliteStateStore.Open(held, TimeProvider.System, NullLogger<SqliteStateStore>.Instance);
}
