using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Continuity;

/// <summary>
/// What the product exists for: whatever the source does, destinations see one connection and one continuous stream.
/// </summary>
public sealed class ContinuityTests
{
    private const int Cuts = 3;

    /// <summary>What the recording's length may differ from the broadcast's by the wall.</summary>
    private static readonly TimeSpan WallTolerance = TimeSpan.FromMilliseconds(500);

    private static readonly string[] Destinations = ["first", "second"];

    private static readonly EncoderSettings Plain = new() { Picture = TestPicture.Red };

    private static readonly EncoderSettings WithBFrames = Plain with { BFrames = 3, Profile = "high", AudioSampleRate = 44100, AudioChannels = 1, AudioKbps = 64 };

    [Fact]
    public Task Source_CutEndedStalledAndReplaced_DestinationsSeeOneUnbrokenStream() =>
        BroadcastAsync(Plain, Plain with { Picture = TestPicture.Blue, Profile = "high", BFrames = 2, KeyframeInterval = 45, VideoKbps = 900 }, endsLive: true);

    [Fact]
    public Task SourceWithBFramesAndMono_CutEndedStalledAndReplaced_DestinationsSeeOneUnbrokenStream() =>
        BroadcastAsync(WithBFrames, WithBFrames with { Picture = TestPicture.Blue, Profile = "baseline", BFrames = 0, KeyframeInterval = 20, VideoKbps = 400 }, endsLive: false);

    private static async Task BroadcastAsync(EncoderSettings encoder, EncoderSettings otherEncoder, bool endsLive)
    {
        await using var nginx = await NginxRtmp.StartAsync([.. Destinations.Select(name => new NginxApplication(name))]);
        await using var server = await ServerProcess.StartAsync("return_after: 0.5\nrtmp_timeout: 1\n");
        await using var uplink = TcpRelay.Start(server.RtmpPort);
        var url = server.PublishUrlOf(ServerProcess.MainKey, uplink.Port);
        foreach (var name in Destinations)
            await server.Api.AddDestinationAsync(name, nginx.ServerUrl(name), name);
        var marks = new Marks(server.Api);

        var publisher = await FfmpegPublisher.StartAsync(url, encoder);
        await marks.AddAsync("live", TestPicture.Red);

        // A broadcast begins with what its source has sent since its last keyframe: that is when its time is zero.
        var begun = TimeProvider.System.GetUtcNow() - marks.Latest;

        // Killed, with a reset.
        uplink.ResetAll();
        await marks.AddAsync("fallback", null);
        publisher = await ReplaceAsync(publisher, url, encoder);
        await marks.AddAsync("live", TestPicture.Red);

        // Ended in order, and followed by an encoder with other settings.
        await publisher.StopAsync();
        await marks.AddAsync("fallback", null);
        publisher = await ReplaceAsync(publisher, url, otherEncoder);
        await marks.AddAsync("live", TestPicture.Blue);

        // Hung in the middle of a group of pictures; then it sends what it missed at once.
        publisher.Freeze();
        await marks.AddAsync("fallback", null);
        publisher.Resume();
        await marks.AddAsync("live", TestPicture.Blue);

        // The network stands still while the encoder goes on, and brings the backlog afterwards.
        uplink.Stall();
        await marks.AddAsync("fallback", null);
        uplink.Resume();
        await marks.AddAsync("live", TestPicture.Blue);

        for (var cut = 0; cut < Cuts; cut++)
        {
            uplink.ResetAll();
            await server.Api.WaitForStateAsync("fallback");
            publisher = await ReplaceAsync(publisher, url, cut % 2 == 0 ? encoder : otherEncoder);
            await server.Api.WaitForStateAsync("live");
        }
        await marks.AddAsync("live", TestPicture.Red);
        if (!endsLive)
        {
            publisher.Kill();
            await marks.AddAsync("fallback", null);
        }

        var before = await server.Api.StatusAsync();
        var ended = TimeProvider.System.GetUtcNow();
        await server.Api.StopAsync();
        await server.Api.WaitForStateAsync("stopped");
        await publisher.DisposeAsync();
        await nginx.StopAsync();

        foreach (var name in Destinations)
        {
            Assert.Equal(1, before.Destination(name).Connects);
            Assert.Equal(0, before.Destination(name).FramesDropped);
            Assert.Equal(1, nginx.PublishCount(name));
            var recording = await Unbroken.AssertAsync(nginx.Recording(name), encoder);
            Assert.True(recording.HasEndOfSequence, "an intended end must say so");
            var onAir = ended - begun;
            Assert.True((recording.Duration - onAir).Duration() <= WallTolerance, $"{recording.Duration} recorded in {onAir}");
            await marks.AssertAsync(nginx.Recording(name), TimeSpan.FromMilliseconds(before.Program.TimeMs) - recording.Duration);
        }
    }

    private static async Task<FfmpegPublisher> ReplaceAsync(FfmpegPublisher old, string url, EncoderSettings settings)
    {
        await old.DisposeAsync();
        return await FfmpegPublisher.StartAsync(url, settings);
    }
}
