using System.Net;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>What the commands do with a Redis on which another server runs.</summary>
public sealed class HeldDatabaseTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_ThatChangeTheDatabaseOfARunningServer_AreRefused_AndTheOthersSayWhoseItIs()
    {
        using var folder = new TemporaryFolder();
        using var importing = new TemporaryFolder();
        using var rotating = new TemporaryFolder();
        using var looking = new TemporaryFolder();
        await using var redis = await RedisServer.StartAsync();
        var file = folder.File("show.json");
        await using (var server = await RunningServer.StartAsync(folder: folder, change: options => options with { Redis = UrlOf(redis) }))
        {
            var made = await server.PostAsync("/api/destinations", """{ "name": "First", "platform": "custom", "url": "rtmp://127.0.0.1:1/a", "enabled": false, "streamKey": "s3cret" }""");
            Assert.Equal(HttpStatusCode.Created, made.Status);
            foreach (var other in new[] { importing, rotating })
            {
                Directory.CreateDirectory(other.File("data"));
                File.Copy(folder.File("data/encryption.key"), other.File("data/encryption.key"));
            }

            // It only reads.
            var exported = await RunAsync((output, error) => TransferCommands.ExportAsync(Load(importing, redis), file, withSecrets: false, null, output, error, Cancel));
            Assert.True(exported.Code == 0, exported.Text);

            // Side by side, since each looks for some seconds whether that server lives.
            var import = ImportAsync();
            var rotate = RotateAsync();
            var doctor = RunAsync((output, _) => DoctorCommand.RunAsync(Load(looking, redis), TimeProvider.System, output));
            foreach (var refused in await Task.WhenAll(import, rotate))
            {
                Assert.Equal(1, refused.Code);
                Assert.Contains($"host {Environment.MachineName}, since ", refused.Text, StringComparison.Ordinal);
                Assert.Contains("Stop that server first", refused.Text, StringComparison.Ordinal);
            }

            Assert.Contains($"is held by a running server (host {Environment.MachineName}, since ", (await doctor).Text, StringComparison.Ordinal);
        }

        // It has ended: they go on at once, and leave the database free.
        foreach (var done in new[] { await ImportAsync(), await ImportAsync(), await RotateAsync() })
            Assert.True(done.Code == 0, done.Text);
        Assert.Equal("0", await redis.CommandAsync("EXISTS", "lease:channels"));

        Task<(int Code, string Text)> ImportAsync() => RunAsync((output, error) => TransferCommands.ImportAsync(Load(importing, redis), file, null, output, error, Cancel));

        Task<(int Code, string Text)> RotateAsync() => RunAsync((output, error) => VaultCommand.RotateAsync(Load(rotating, redis), null, output, error, Cancel));
    }

    [Fact]
    public async Task Doctor_WithARedisThatIsNotThere_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var redis = await RedisServer.StartAsync();
        await redis.DisposeAsync();
        var (code, text) = await RunAsync((output, _) => DoctorCommand.RunAsync(Load(folder, redis), TimeProvider.System, output));
        Assert.Equal(1, code);
        Assert.Contains("FAIL  REDIS_URL", text, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Text)> RunAsync(Func<TextWriter, TextWriter, Task<int>> command)
    {
        var text = new StringWriter();
        return (await command(text, text), text.ToString());
    }

    private static RedisUrl UrlOf(RedisServer redis)
    {
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{redis.Port}", null, out var url));
        return url!;
    }

    // Without ffmpeg: doctor need not try its encoders here.
    private static OptionsResult Load(TemporaryFolder folder, RedisServer redis)
    {
        string[] ports = ["PORT", "WS_PORT", "METRICS_PORT", "HEALTH_PORT", "RTMP_PORT"];
        var variables = ports.ToDictionary(port => port, _ => "0", StringComparer.Ordinal);
        variables["FFMPEG_PATH"] = "/nowhere/ffmpeg";
        var loaded = Assert.IsType<OptionsResult.Loaded>(OptionsLoader.Load(variables, folder.Path));
        return loaded with { Options = loaded.Options with { Redis = UrlOf(redis) } };
    }
}
