using System.Net;
using System.Net.Sockets;
using StreamManager.Engine.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Monitoring;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Monitoring;

public sealed class HealthTests
{
    [Theory]
    [InlineData("/health", "started loops store ports ffmpeg disk programs")]
    [InlineData("/health/live", "loops")]
    [InlineData("/health/ready", "started store ports ffmpeg disk programs")]
    public async Task Health_OfARunningServer_IsOpenAndGoodOnBothPorts(string path, string checks)
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var port in new[] { server.Server.BoundPorts.Health, server.Server.BoundPorts.Api })
        {
            var answer = await server.SendAsync(HttpMethod.Get, path, token: null, port: port);
            Assert.True(answer.Status is HttpStatusCode.OK, answer.Text);
            Assert.Equal("healthy", answer.Json.GetProperty("status").GetString());
            var names = answer.Json.GetProperty("checks").EnumerateArray().Select(check => check.GetProperty("name").GetString()!).ToArray();
            Assert.All(checks.Split(' '), name => Assert.Contains(name, names));
        }
    }

    [Fact]
    public async Task Health_WithoutFfmpeg_IsAliveButNotReady()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { FfmpegPath = "/nowhere/ffmpeg" });
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/health/live", token: null)).Status);
        foreach (var path in new[] { "/health", "/health/ready" })
        {
            var answer = await server.SendAsync(HttpMethod.Get, path, token: null);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
            var bad = Assert.Single(answer.Json.GetProperty("checks").EnumerateArray(), check => !check.GetProperty("ok").GetBoolean());
            Assert.Equal("ffmpeg", bad.GetProperty("name").GetString());
            Assert.Contains("fallbacks", bad.GetProperty("reason").GetString(), StringComparison.Ordinal);
            Assert.DoesNotContain("/nowhere", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Ready_InEveryStageOfLife_HasTheReason()
    {
        var lifetime = new ServerLifetime(TimeProvider.System);
        var checks = new HealthChecks(lifetime, [], [], TimeProvider.System);
        Assert.Equal(("unhealthy", "the server is starting"), await StartedAsync(checks));
        lifetime.MarkStarted();
        Assert.Equal(("healthy", null), await StartedAsync(checks));
        lifetime.MarkStopping();
        Assert.Equal(("unhealthy", "the server is stopping"), await StartedAsync(checks));
        Assert.Equal("healthy", (await checks.LiveAsync()).Status);
    }

    [Fact]
    public async Task Ready_AfterAFaultInAProgram_SaysWhereForFiveMinutes()
    {
        TimeSpan? since = null;
        var check = ReadinessChecks.Programs(
            () => [new ChannelSnapshot { Id = "main", State = ChannelState.Live }, new ChannelSnapshot { Id = "second", State = ChannelState.Live, SinceFault = since }]);
        Assert.Null(await check.FindProblemAsync());

        since = TimeSpan.FromSeconds(299);
        Assert.Equal("an internal fault in the program of channel second 299 s ago; the log says more", await check.FindProblemAsync());

        since = TimeSpan.FromMinutes(5);
        Assert.Null(await check.FindProblemAsync());
    }

    [Fact]
    public async Task Loop_ThatStandsStill_IsNamedAndAskedOnce()
    {
        var time = new ManualTimeProvider();
        var stuck = new TaskCompletionSource();
        var asked = 0;
        WatchedLoop[] loops =
        [
            new("main", () => Task.CompletedTask),
            new("second", () =>
            {
                asked++;
                return stuck.Task;
            }),
        ];
        var watch = new LoopWatch(() => loops, time);
        for (var i = 0; i < 3; i++)
        {
            var looking = watch.FindProblemAsync();
            Assert.False(looking.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(3));
            Assert.Equal("the program of channel second stands still", await looking);
        }

        Assert.Equal(1, asked);
        stuck.SetResult();
        Assert.Null(await watch.FindProblemAsync());
    }

    [Fact]
    public async Task Port_ThatNobodyListensOn_IsAReason()
    {
        using var open = new TcpListener(IPAddress.Loopback, 0);
        open.Start();
        var here = ((IPEndPoint)open.LocalEndpoint).Port;
        var gone = FreePort.Next();
        Assert.Null(await ReadinessChecks.Ports(() => new BoundPorts(here, here, here, here, null, here), TimeProvider.System).FindProblemAsync());
        Assert.Equal(
            $"nobody listens on port {gone} any more",
            await ReadinessChecks.Ports(() => new BoundPorts(here, here, here, gone, here, here), TimeProvider.System).FindProblemAsync());
    }

    [Fact]
    public async Task CostlyCheck_AskedAgainAtOnce_IsNotLookedAtAgain()
    {
        var time = new ManualTimeProvider();
        var looks = 0;
        var check = new HealthCheck("costly", () => $"look {++looks}").AtMostOnceIn(TimeSpan.FromSeconds(1), time);
        Assert.Equal("look 1", await check.FindProblemAsync());
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal("look 1", await check.FindProblemAsync());
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("look 2", await check.FindProblemAsync());
    }

    [Fact]
    public async Task Disk_OfAFolderThatIsThere_IsGood()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(await ReadinessChecks.Disk(folder.Path).FindProblemAsync());
    }

    private static async Task<(string Status, string? Reason)> StartedAsync(HealthChecks checks)
    {
        var health = await checks.ReadyAsync();
        return (health.Status, health.Checks.Single(check => check.Name == "started").Reason);
    }
}
