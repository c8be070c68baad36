using System.Collections.Concurrent;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Codecs.Live;
using StreamManager.Engine.Programs;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Engine.Tests.Codecs;

[Collection(ClipBench.OneAtATime)]
public sealed class LiveTranscoderTests : IDisposable
{
    private readonly ClipBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Program_OfSourceClipsAndTranscode_DecodesUnderOneConfiguration()
    {
        var first = await SourceFile.MakeAsync(_bench.File("first.flv"), "1280x720", 30, 6, bframes: 3);
        var second = await SourceFile.MakeAsync(_bench.File("second.flv"), "640x360", 25, 5, "main", bframes: 2, sampleRate: 44100, channels: 1);
        var format = first.Format;
        Assert.True(format.CompositionOffsetMilliseconds > 0);
        await ClipBench.FfmpegAsync("-f", "lavfi", "-i", "mandelbrot=s=500x400", "-frames:v", "1", _bench.File("picture.png"));
        using var factory = _bench.Factory();
        var slate = await factory.PrepareAsync(new ClipContent.Slate(), format, cancel: Cancel);
        var picture = await factory.PrepareAsync(new ClipContent.Picture(_bench.File("picture.png")), format, cancel: Cancel);
        var video = await factory.PrepareAsync(new ClipContent.Video(_bench.File("second.flv")), format, cancel: Cancel);
        Assert.True(slate.IsSuccess && picture.IsSuccess && video.IsSuccess, slate.Words + picture.Words + video.Words);

        var (frames, configuration) = await TranscodeAsync(second, format);

        // The promise that all of this rests on.
        var sets = configuration.ParameterSets.Select(set => Convert.ToHexString(set.Span)).ToList();
        Assert.Equal(2, sets.Count);
        foreach (var clip in (Clip[])[slate.Clip, picture.Clip, video.Clip])
            Assert.Equal(sets, clip.Configuration.ParameterSets.Select(set => Convert.ToHexString(set.Span)));

        var combined = first.Avc.WithParameterSets(configuration);
        Assert.NotNull(combined);
        var pictures = frames.FindAll(frame => frame.Kind is MediaKind.Video);
        var flv = new CombinedFlv(format, combined);
        flv.Add(first.Pictures.Take(60));
        flv.Add(slate.Clip);
        flv.Add(WholeRun(first.Pictures[60..], atLeast: 47));
        flv.Add(picture.Clip);
        flv.Add(pictures);
        flv.Add(video.Clip);
        flv.Add(first.Pictures.Skip(120));
        flv.Save(_bench.File("combined.flv"));

        Assert.Equal("", await ClipBench.DecodeAsync(_bench.File("combined.flv")));
        Assert.Equal(flv.Count, await CountFramesAsync(_bench.File("combined.flv")));
        await ClipBench.FfmpegAsync("-i", _bench.File("combined.flv"), "-c", "copy", _bench.File("combined.mp4"));
        Assert.Equal("", await ClipBench.DecodeAsync(_bench.File("combined.mp4")));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Source_OfAnotherFormat_ComesOutInTheProgramsOnItsOwnClock()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "640x360", 25, 4, "main", sampleRate: 44100, channels: 1);
        var format = ClipBench.Format(1280, 720, 30, cts: 33);
        // A source that has been up for two months.
        var start = MediaTime.FromSeconds(60 * 86400);

        var (frames, configuration) = await TranscodeAsync(source, format, start);

        var sps = AvcSequenceParameterSet.Read(configuration.SequenceParameterSets[0].Span);
        Assert.Equal((1280, 720, 100, 31), (sps.Width, sps.Height, sps.ProfileIdc, sps.Id));
        var pictures = frames.FindAll(frame => frame.Kind is MediaKind.Video);
        var sounds = frames.FindAll(frame => frame.Kind is MediaKind.Audio);
        Assert.InRange(pictures.Count, 118, 122);
        Assert.InRange(sounds.Count, 185, 191);
        Assert.All(pictures, frame => Assert.Equal(33, frame.CompositionOffset.Milliseconds));
        Assert.True(pictures[0].IsKeyframe);
        AssertSteady(pictures, 1000.0 / 30);
        AssertSteady(sounds, 1024000.0 / 48000);
        Assert.InRange((pictures[0].DecodeTime - source.Pictures[0].DecodeTime - start).Milliseconds, -40, 40);
        Assert.InRange((sounds[0].DecodeTime - source.Frames.First(frame => frame.Kind is MediaKind.Audio).DecodeTime - start).Milliseconds, -40, 40);
        Assert.Equal("", await DecodeAsync(configuration, format, frames));
    }

    [Fact]
    public async Task Source_WhoseSoundAloneDiffers_KeepsItsPictures()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "320x180", 30, 3, bframes: 2, sampleRate: 44100, channels: 1);
        var format = source.Format with { Audio = ProgramFormat.DefaultAudio };

        var (frames, configuration) = await TranscodeAsync(source, format, change: request => request with { TranscodeVideo = false });

        Assert.Equal(source.Avc.ToArray(), configuration.ToArray());
        var pictures = frames.FindAll(frame => frame.Kind is MediaKind.Video);
        Assert.Equal(source.Pictures.Select(frame => Convert.ToHexString(frame.Body.Span)), pictures.Select(frame => Convert.ToHexString(frame.Body.Span)));
        Assert.Equal(source.Pictures.Select(frame => frame.DecodeTime), pictures.Select(frame => frame.DecodeTime));
        AssertSteady(frames.FindAll(frame => frame.Kind is MediaKind.Audio), 1024000.0 / 48000);
    }

    [Fact]
    public async Task Child_Killed_IsReportedInWordsAndLeavesNothing()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "320x180", 30, 3);
        var seen = new ConcurrentQueue<MediaPacket>();
        await using var transcoder = Start(source, source.Format, seen.Enqueue);
        foreach (var frame in source.Frames) transcoder.Write(frame);
        await Eventually.TrueAsync(() => !seen.IsEmpty);

        await ChildProcess.RunAsync("kill", ["-KILL", Children.Under(_bench.Work).Single().ToString()]);

        var end = await transcoder.Completion.WaitAsync(ClipBench.Limit, Cancel);
        Assert.Equal(LiveTranscodeEndReason.Failed, end.Reason);
        Assert.Contains("signal 9", end.Words, StringComparison.Ordinal);
        Assert.Empty(Children.Under(_bench.Work));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Child_ThatDoesNotRead_FillsABoundedQueueAndThenDrops()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "320x180", 30, 3);
        await File.WriteAllTextAsync(_bench.File("stuck"), "#!/bin/sh\nexec sleep 1000\n", Cancel);
        await ChildProcess.RunAsync("chmod", ["+x", _bench.File("stuck")]);
        await using var transcoder = Start(source, source.Format, _ => { }, _bench.File("stuck"));
        var big = new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = true,
            Body = AvcTag.Frame(true, 0, new byte[1024 * 1024]),
            HeaderLength = 5,
        };

        var taken = Enumerable.Range(0, 40).Count(_ => transcoder.Write(big));

        Assert.InRange(taken, 7, 10);
        Assert.Equal(40 - taken, transcoder.DroppedPackets);
        Assert.False(transcoder.Write(source.Pictures[1]));
        await transcoder.DisposeAsync();
        Assert.Equal(LiveTranscodeEndReason.Stopped, (await transcoder.Completion).Reason);
        Assert.False(transcoder.Write(big));
        _bench.AssertNoResidue();
    }

    [Fact]
    public async Task Start_WhatCannotBeDone_IsRefusedInWords()
    {
        var source = await SourceFile.MakeAsync(_bench.File("source.flv"), "320x180", 30, 1);
        var request = Request(source, source.Format);
        var hevc = new MediaPacket { Kind = MediaKind.Video, Content = PacketContent.Configuration, Codec = FourCc.Hevc, Body = default };
        foreach (var (wrong, program, word) in (IEnumerable<(LiveTranscodeRequest, string, string)>)
        [
            (request with { VideoConfiguration = hevc }, "ffmpeg", "hvc1"),
            (request with { Target = source.Format with { ProfileIdc = 122 } }, "ffmpeg", "profile"),
            (request with { Target = source.Format with { Audio = AudioSpecificConfig.Read([0x2B, 0x92, 0x08, 0x00]) } }, "ffmpeg", "AAC-LC"),
            (request with { VideoConfiguration = null, AudioConfiguration = null }, "ffmpeg", "neither"),
            (request, "no-such-ffmpeg", "not installed"),
        ])
        {
            Assert.Null(LiveTranscoder.Start(wrong, _bench.Ffmpeg(program), TimeProvider.System, _ => { }, out var problem));
            Assert.Contains(word, problem, StringComparison.Ordinal);
        }

        _bench.AssertNoResidue();
    }

    // Part of a GOP, cut where every picture that is shown before the last one has been sent.
    private static List<MediaPacket> WholeRun(List<MediaPacket> pictures, int atLeast)
    {
        var count = atLeast;
        while (pictures[..count].Max(picture => picture.PresentationTime) > pictures[count..].Min(picture => picture.PresentationTime)) count++;
        Assert.InRange(count, atLeast, 59);
        return pictures[..count];
    }

    private static LiveTranscodeRequest Request(SourceFile source, ProgramFormat format) => new()
    {
        Target = format,
        VideoConfiguration = source.VideoConfiguration,
        AudioConfiguration = source.AudioConfiguration,
        VideoBitrateKbps = 1500,
    };

    private LiveTranscoder Start(SourceFile source, ProgramFormat format, Action<MediaPacket> output, string program = "ffmpeg")
    {
        var transcoder = LiveTranscoder.Start(Request(source, format), _bench.Ffmpeg(program), TimeProvider.System, output, out var problem);
        Assert.True(transcoder is not null, problem);
        return transcoder;
    }

    private async Task<(List<MediaPacket> Frames, AvcDecoderConfiguration Configuration)> TranscodeAsync(
        SourceFile source, ProgramFormat format, MediaTime start = default, Func<LiveTranscodeRequest, LiveTranscodeRequest>? change = null)
    {
        var frames = new List<MediaPacket>();
        var request = Request(source, format);
        await using var transcoder = LiveTranscoder.Start(change?.Invoke(request) ?? request, _bench.Ffmpeg(), TimeProvider.System, frames.Add, out var problem);
        Assert.True(transcoder is not null, problem);
        foreach (var frame in source.Frames)
        {
            var moved = new MediaPacket
            {
                Kind = frame.Kind,
                Content = frame.Content,
                Codec = frame.Codec,
                IsKeyframe = frame.IsKeyframe,
                Body = frame.Body,
                HeaderLength = frame.HeaderLength,
                DecodeTime = frame.DecodeTime + start,
                CompositionOffset = frame.CompositionOffset,
            };
            Assert.True(transcoder.Write(moved) || frame.Kind is MediaKind.Audio);
        }

        transcoder.Stop();
        var end = await transcoder.Completion.WaitAsync(ClipBench.Limit, Cancel);
        Assert.Equal((LiveTranscodeEndReason.Stopped, ""), (end.Reason, end.Words));
        Assert.NotNull(transcoder.Configuration);
        return (frames, transcoder.Configuration);
    }

    private static void AssertSteady(List<MediaPacket> frames, double milliseconds)
    {
        for (var i = 1; i < frames.Count; i++)
            Assert.InRange((frames[i].DecodeTime - frames[i - 1].DecodeTime).Milliseconds, (int)milliseconds - 1, (int)milliseconds + 2);
    }

    private async Task<string> DecodeAsync(AvcDecoderConfiguration configuration, ProgramFormat format, List<MediaPacket> frames)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        FlvWriter.WriteHeader(output, new(true, true));
        FlvWriter.WriteTag(output, FlvTagType.Video, 0, AvcTag.Configuration(configuration.ToArray()));
        FlvWriter.WriteTag(output, FlvTagType.Audio, 0, AacTag.Configuration(format.Audio.Bytes.Span));
        foreach (var frame in frames)
            FlvWriter.WriteTag(output, frame.Kind is MediaKind.Video ? FlvTagType.Video : FlvTagType.Audio, (uint)frame.DecodeTime.Milliseconds, frame.Body.Span);
        await File.WriteAllBytesAsync(_bench.File("decode.flv"), output.WrittenMemory.ToArray(), Cancel);
        return await ClipBench.DecodeAsync(_bench.File("decode.flv"));
    }

    private static async Task<int> CountFramesAsync(string path)
    {
        var result = await ChildProcess.RunAsync(
            "ffprobe", ["-v", "error", "-count_frames", "-select_streams", "v", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path], ClipBench.Limit);
        return int.Parse(System.Text.Encoding.ASCII.GetString(result.Output).Trim());
    }
}
