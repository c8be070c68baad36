using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Configuration;

/// <summary>Destinations that nobody added by hand: from <c>config.yml</c> and from the environment.</summary>
public sealed class ConfiguredDestinationTests
{
    private static readonly EncoderSettings Settings = new();
    private static readonly string[] Keys = ["twitch-s3cret", "tube-s3cret", "bird-s3cret", "off-s3cret"];

    [Fact]
    public async Task EveryWayToConfigure_DeliversAndNoKeyIsShown()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Config = $$"""
                twitch_rtmp_url: {{nginx.ServerUrl()}}
                twitch_stream_key: {{Keys[0]}}
                destinations:
                  - { name: Tube, platform: youtube, url: "{{nginx.ServerUrl()}}", stream_key: "{{Keys[1]}}", enabled: true }
                  - { name: Off, url: "{{nginx.ServerUrl()}}", stream_key: "{{Keys[3]}}", enabled: false }

                """,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["TWITTER_RTMP_URL"] = nginx.ServerUrl(), ["TWITTER_STREAM_KEY"] = Keys[2] },
        });
        await using (await FfmpegPublisher.StartAsync(server.PublishUrl, Settings))
        {
            foreach (var key in Keys[..3])
                await nginx.WaitForRecordingAsync(key, TimeSpan.FromSeconds(2));
            var rows = (await server.Api.StatusAsync()).Destinations;
            Assert.Equal(["Off", "Tube", "Twitch", "X"], rows.Select(row => row.Name).Order(StringComparer.Ordinal));
            Assert.All(rows, row => Assert.Equal(row.Name == "Off" ? ("disabled", "idle") : ("live", "delivering"), (row.State, row.Verdict)));
            Assert.All(await server.Api.DestinationsAsync(), row => Assert.Equal(("configuration", "…cret"), (row.Origin, row.StreamKeyHint)));
        }
        var answers = (await server.Api.GetAsync("/api/destinations")).Text + (await server.Api.GetAsync("/api/status")).Text
            + (await server.Api.GetAsync($"http://127.0.0.1:{server.MetricsPort}/metrics")).Text;
        await server.Api.StopAsync();
        Assert.Equal(0, await server.StopAsync());
        await nginx.StopAsync();
        foreach (var key in Keys[..3])
        {
            RecordingJudge.AssertNoHole(nginx, key, Settings);
            Assert.True(FlvRecording.Read(nginx.Recording(key)).HasEndOfSequence);
            Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(nginx.Recording(key)));
        }
        Assert.Equal(0, nginx.PublishCount(Keys[3]));
        Assert.DoesNotContain(ServerProcess.MainKey, answers, StringComparison.Ordinal);
        foreach (var secret in Keys)
        {
            Assert.DoesNotContain(secret, answers, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, server.Log, StringComparison.Ordinal);
        }
    }
}
