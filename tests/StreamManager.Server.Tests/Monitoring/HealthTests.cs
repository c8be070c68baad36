using System.Net;
using StreamManager.Engine.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Monitoring;

namespace StreamManager.Server.Tests.Monitoring;

public sealed class HealthTests
{
    [Theory]
    [InlineData("/health")]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task Health_OfARunningServer_IsOpenAndGoodOnBothPorts(string path)
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var port in new[] { server.Server.BoundPorts.Health, server.Server.BoundPorts.Api })
        {
            var answer = await server.SendAsync(HttpMethod.Get, path, token: null, port: port);
            Assert.Equal(HttpStatusCode.OK, answer.Status);
            Assert.Equal("healthy", answer.Json.GetProperty("status").GetString());
        }
    }

    [Fact]
    public void Ready_InEveryStageOfLife_HasTheReason()
    {
        using var folder = new TemporaryFolder();
        var lifetime = new ServerLifetime(TimeProvider.System);
        var checks = new HealthChecks(lifetime, folder.Path, () => [], TimeProvider.System);
        Assert.Equal(("unhealthy", "the server is starting"), Started(checks));
        lifetime.MarkStarted();
        Assert.Equal(("healthy", null), Started(checks));
        lifetime.MarkStopping();
        Assert.Equal(("unhealthy", "the server is stopping"), Started(checks));
        Assert.Equal("healthy", checks.Live().Status);
    }

    [Fact]
    public void Ready_AfterAFaultInAProgram_SaysWhereForFiveMinutes()
    {
        using var folder = new TemporaryFolder();
        var lifetime = new ServerLifetime(TimeProvider.System);
        lifetime.MarkStarted();
        TimeSpan? since = null;
        var checks = new HealthChecks(
            lifetime,
            folder.Path,
            () => [new ChannelSnapshot { Id = "main", State = ChannelState.Live }, new ChannelSnapshot { Id = "second", State = ChannelState.Live, SinceFault = since }],
            TimeProvider.System);
        Assert.Equal("healthy", checks.Ready().Status);

        since = TimeSpan.FromSeconds(299);
        var health = checks.Ready();
        Assert.Equal("unhealthy", health.Status);
        Assert.Equal("an internal fault in the program of channel second 299 s ago; the log says more", Assert.Single(health.Checks, check => !check.Ok).Reason);
        Assert.Equal("healthy", checks.Live().Status);

        since = TimeSpan.FromMinutes(5);
        Assert.Equal("healthy", checks.Ready().Status);
    }

    private static (string Status, string? Reason) Started(HealthChecks checks)
    {
        var health = checks.Ready();
        return (health.Status, health.Checks.Single(check => check.Name == "started").Reason);
    }
}
