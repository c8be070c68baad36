using StreamManager.EndToEnd.Tests.Support;
using StreamManager.Media.Amf;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Sources;

/// <summary>What encoders really send, beside what they should: the destination gets one continuous, decodable stream all the same.</summary>
public sealed class OddStreamTests(OddStreams odd) : IClassFixture<OddStreams>
{
    private const uint Hour = 3_600_000;

    private EncodedMedia Media => odd.Media;

    [Fact]
    public async Task EverythingAsItShouldBe_IsUnbroken()
    {
        var recording = await odd.BroadcastUnbrokenAsync("plain", Media.All);
        Assert.Single(recording.Video.Configurations);
    }

    [Fact]
    public async Task NoAudio_GetsSilence()
    {
        var recording = await odd.BroadcastUnbrokenAsync("no-audio", Media.All.Where(message => !message.IsAudio));
        Assert.True(recording.Audio.Count > 100);
    }

    [Fact]
    public async Task PreviewOfASourceWithoutAudio_PromisesNone()
    {
        await using var encoder = await ScriptedEncoder.PublishAsync(odd.Server.RtmpPort, ServerProcess.MainKey);
        var sending = encoder.SendAsync(Media.All.Where(message => !message.IsAudio));
        _ = sending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        await odd.Server.Api.WaitAsync(status => status.Source.Video?.Fps > 0, "no video");
        var (header, tags) = await Received.ReadFlvAsync(odd.Server, "/preview/main.flv?source=main", seconds: 1);
        // A player that is promised sound waits for it for ever.
        Assert.Equal((false, true), (header.HasAudio, header.HasVideo));
        Assert.DoesNotContain(tags, tag => tag.Type == RtmpMessageType.Audio);
        await encoder.DisposeAsync();
        await odd.Server.Api.StopAsync();
    }

    [Fact]
    public async Task LateAudio_TakesThePlaceOfSilence() =>
        await odd.BroadcastUnbrokenAsync("late-audio", MoveAudioHeaderTo(3000).Where(message => !message.IsAudio || message.Due.TotalMilliseconds >= 3000));

    [Fact]
    public async Task AudioFirst_VideoLater_BeginsWithTheVideo()
    {
        var frames = Media.Frames.Where(message => message.IsAudio || message.Due.TotalMilliseconds >= 1900);
        var header = Media.Header.Where(message => !message.IsVideo);
        var late = new TimedMessage(TimeSpan.FromMilliseconds(1900), Media.VideoConfiguration);
        // The frames up to the next key frame belong to one that nobody sent.
        var firstKey = Media.Frames.First(message => message.IsKeyframe && message.Due > late.Due).Due;
        await odd.BroadcastUnbrokenAsync("audio-first", InOrder([.. header, late, .. frames.Where(message => message.IsAudio || message.Due >= firstKey)]));
    }

    [Fact]
    public async Task NoVideo_DoesNotGoOnAirAndIsSaid()
    {
        await using var encoder = await ScriptedEncoder.PublishAsync(odd.Server.RtmpPort, ServerProcess.MainKey);
        await encoder.SendAsync(Media.All.Where(message => !message.IsVideo && message.Due.TotalMilliseconds < 3000));
        var status = await odd.Server.Api.StatusAsync();
        Assert.Equal("waiting", status.State);
        Assert.Contains(status.Source.Warnings, warning => warning.Contains("no video", StringComparison.OrdinalIgnoreCase));
        await encoder.StopAsync();
    }

    [Fact]
    public async Task RepeatedConfiguration_OnEachKeyframe_ChangesNothing()
    {
        var recording = await odd.BroadcastUnbrokenAsync("repeated", Media.Header.Concat(Media.Frames.SelectMany(message => message.IsKeyframe
            ? (TimedMessage[])[message with { Message = Media.VideoConfiguration }, message with { Message = Media.AudioConfiguration }, message]
            : [message])));
        Assert.Single(recording.Video.Configurations);
    }

    [Fact]
    public async Task ChangedConfiguration_OfTheSameSize_GoesOnInBand()
    {
        var other = await EncodedMedia.LoadAsync(odd.Settings with { Picture = TestPicture.Green, Profile = "high", Preset = "veryfast" }, TimeSpan.FromSeconds(5));
        var file = await odd.BroadcastAsync("changed", async encoder =>
        {
            await encoder.SendAsync(Join(Media, other, seconds: 2));
            var status = await odd.Server.Api.StatusAsync();
            Assert.Equal(("live", false, 0), (status.State, status.Source.Transcoded, status.Program.Switches));
        });
        RecordingJudge.AssertNoHole(FlvRecording.Read(file), odd.Settings);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.Single(FlvRecording.Read(file).Video.Configurations);
        var seen = (await FfmpegJudge.ColoursAsync(file)).Select(colour => colour.Picture).Distinct().ToArray();
        Assert.Contains(TestPicture.Red, seen);
        Assert.Contains(TestPicture.Green, seen);
    }

    [Fact]
    public async Task ChangedConfiguration_OfAnotherSize_IsTranscoded()
    {
        var other = await EncodedMedia.LoadAsync(odd.Settings with { Picture = TestPicture.Green, Width = 480, Height = 270 }, TimeSpan.FromSeconds(20));
        var file = await odd.BroadcastAsync("other-size", async encoder =>
        {
            var sending = encoder.SendAsync(Join(Media, other, seconds: 2));
            _ = sending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            var status = await odd.Server.Api.WaitAsync(now => now is { State: "live", Program.Switches: >= 2, Source.Transcoded: true }, "not live by transcoding");
            Assert.Equal((480, 270), (status.Source.Video!.Width, status.Source.Video.Height));
            await odd.Server.Api.WaitAsync(now => now.Program.TimeMs > status.Program.TimeMs + 1500, "the program stands");
        });
        RecordingJudge.AssertNoHole(FlvRecording.Read(file), odd.Settings);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.Single(FlvRecording.Read(file).Video.Configurations);
        var seen = (await FfmpegJudge.ColoursAsync(file)).Select(colour => colour.Picture).Distinct().ToArray();
        Assert.Contains(TestPicture.Red, seen);
        Assert.Contains(TestPicture.Green, seen);
    }

    [Fact]
    public async Task Timestamps_ThatStepBack_AreMovedUp()
    {
        var file = await odd.BroadcastAsync("backward", Media.Header.Concat(Media.Frames.Select((message, i) =>
            i % 10 == 5 && message.Message.Timestamp > 200 ? message.Stamped(message.Message.Timestamp - 120) : message)));
        RecordingJudge.AssertMonotonic(FlvRecording.Read(file));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
    }

    [Theory]
    [InlineData("jump-hour", Hour)]
    [InlineData("restart", 0xFFFFFFFF - 2400)] // 2.4 s back: the encoder's clock begins anew.
    public async Task Timestamps_ThatJump_GoOnWithoutAHole(string key, uint by)
    {
        var recording = FlvRecording.Read(await odd.BroadcastAsync(key, Media.Header.Concat(Media.Frames.Select(message =>
            message.Due.TotalSeconds < 2.5 ? message : message.Stamped(unchecked(message.Message.Timestamp + by))))));
        RecordingJudge.AssertMonotonic(recording);
        Assert.InRange(recording.Video.LargestStep, 0, 70);
        Assert.InRange(recording.Audio.LargestStep, 0, 70);
    }

    [Fact]
    public async Task Timestamps_ThatWrapAt32Bits_AreUnbroken() =>
        await odd.BroadcastUnbrokenAsync("wrap", Media.Header.Concat(Media.Frames.Select(message => message.Stamped(unchecked(message.Message.Timestamp - 2500)))));

    [Fact]
    public async Task MessagesStampedZero_InTheMiddle_DoNotTurnTheClockBack() =>
        await odd.BroadcastUnbrokenAsync("zero-stamps", Media.Header.Concat(Media.Frames.SelectMany(message => message.IsKeyframe && message.Due.TotalSeconds > 1
            ? (TimedMessage[])[
                message with { Message = Media.VideoConfiguration },
                message with { Message = Media.AudioConfiguration },
                message with { Message = new RtmpMessage(RtmpMessageType.Video, 1, 0, AvcTag.EndOfSequence()) },
                message]
            : [message])));

    [Fact]
    public async Task EmptyAndNamelessMessages_AndNoMetadata_AreNothing() =>
        await odd.BroadcastUnbrokenAsync("empty", Media.All.Where(message => message.Message.Type != RtmpMessageType.DataAmf0).SelectMany((message, i) => i % 7 == 3
            ? (TimedMessage[])[
                message with { Message = new RtmpMessage(RtmpMessageType.Audio, 1, message.Message.Timestamp, default) },
                message with { Message = new RtmpMessage(RtmpMessageType.DataAmf0, 1, message.Message.Timestamp, new byte[4]) },
                message]
            : [message]));

    [Fact]
    public async Task EnhancedH264AndAac_ReachTheDestinationInTheFormThatItKnows()
    {
        var file = await odd.BroadcastAsync("fourcc", Media.All.Select(Enhanced.ByFourCc));
        RecordingJudge.AssertNoHole(FlvRecording.Read(file), odd.Settings);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(file));
        Assert.All(FlvRecording.Read(file).Video.Configurations, body => Assert.Equal(0x17, body[0]));
        Assert.All(FlvRecording.Read(file).Audio.Configurations, body => Assert.Equal(0xAF, body[0]));
    }

    [Fact]
    public async Task Hevc_ReachesPlayersAsItCame()
    {
        // More than is needed: the sending ends with the test.
        var media = await EncodedHevc.LoadAsync(await EncodedMedia.LoadAsync(odd.Settings, TimeSpan.FromSeconds(20)));
        await using var encoder = await ScriptedEncoder.PublishAsync(odd.Server.RtmpPort, ServerProcess.MainKey);
        var sending = encoder.SendAsync(media.All);
        _ = sending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        await odd.Server.Api.WaitAsync(status => status.Source.Video?.Codec == "hevc", "no HEVC source");
        await odd.Server.Api.WaitForStateAsync("live");
        var got = await Task.WhenAll(
            Received.ByRtmpAsync(odd.Server, "main/main", seconds: 2),
            Received.ByRtmpAsync(odd.Server, "main", seconds: 2),
            Received.ByHttpAsync(odd.Server, "/preview/main.flv?source=main", seconds: 2));

        foreach (var messages in got)
        {
            // The configuration first, then a key frame, then what followed it, byte for byte.
            var video = messages.Where(message => message.Type == RtmpMessageType.Video).Select(message => Convert.ToHexString(message.Body.Span)).ToList();
            var sent = media.Frames.Where(message => message.IsVideo).Select(message => Convert.ToHexString(message.Message.Body.Span)).ToList();
            Assert.Equal(Convert.ToHexString(media.VideoConfiguration.Body.Span), video[0]);
            var from = sent.IndexOf(video[1]);
            Assert.True(media.Frames.Where(message => message.IsVideo).ElementAt(from).IsKeyframe);
            Assert.Equal(sent.GetRange(from, video.Count - 1), video.Skip(1));
        }
        await encoder.DisposeAsync();
        await odd.Server.Api.StopAsync();
    }

    [Fact]
    public async Task SecondAudioTrack_InBothOfObsForms_DoesNotReachDestinations()
    {
        var vod = new RtmpDataMessage(RtmpDataMessage.SetDataFrameName, ["onExpectAdditionalMedia", new AmfValue.Object([new("processingIntents", "ArchiveProgramNarrationAudio")])]);
        var expected = new TimedMessage(TimeSpan.Zero, vod.ToMessage(1, 0));
        var secondHeader = Enhanced.AsSecondTrack(new TimedMessage(TimeSpan.Zero, Media.AudioConfiguration));
        var recording = await odd.BroadcastUnbrokenAsync("second-track", Media.Header.Append(expected).Append(secondHeader).Concat(Media.Frames.SelectMany(message => message.IsAudio
            ? (TimedMessage[])[message, Enhanced.AsSecondTrack(message), message with { Message = OldVodTrack(message) }]
            : [message])));
        Assert.All(recording.Audio.Configurations, body => Assert.Equal(Media.AudioConfiguration.Body.ToArray(), body));
    }

    // additionalMedia, as OBS 26 to 30.1 sends it: an object whose "media" is an AMF3 byte array.
    private static RtmpMessage OldVodTrack(TimedMessage audio)
    {
        byte[] media = [0x00, 0x05, .. "media"u8, 0x11, 0x0C, .. U29((audio.Message.Body.Length << 1) | 1), .. audio.Message.Body.Span];
        byte[] body = [.. Amf0Writer.ToArray(["additionalMedia"]), 0x03, 0x00, 0x02, .. "id"u8, 0x02, 0x00, 0x07, .. "stream0"u8, .. media, 0x00, 0x00, 0x09];
        return new RtmpMessage(RtmpMessageType.DataAmf0, 1, audio.Message.Timestamp, body);
    }

    private static byte[] U29(int value) => value < 0x80 ? [(byte)value] : [(byte)(0x80 | (value >> 7)), (byte)(value & 0x7F)];

    private IEnumerable<TimedMessage> MoveAudioHeaderTo(int milliseconds) => InOrder(
        [.. Media.Header.Where(message => !message.IsAudio), new TimedMessage(TimeSpan.FromMilliseconds(milliseconds), Media.AudioConfiguration), .. Media.Frames]);

    // One stream up to a key frame, another from its own key frame at that place on, behind its own configuration.
    private static IEnumerable<TimedMessage> Join(EncodedMedia first, EncodedMedia second, int seconds)
    {
        var at = first.Frames.First(message => message.IsKeyframe && message.Due.TotalSeconds >= seconds).Due;
        var configuration = new TimedMessage(at, second.VideoConfiguration with { Timestamp = (uint)at.TotalMilliseconds });
        return InOrder(
        [
            .. first.Header, .. first.Frames.Where(message => message.Due < at),
            configuration, .. second.Frames.Where(message => message.Due >= at),
        ]);
    }

    private static IEnumerable<TimedMessage> InOrder(IEnumerable<TimedMessage> messages) => messages.OrderBy(message => message.Due);
}
