using System.Buffers;
using System.Collections.Concurrent;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Media;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Codecs.Live;

/// <summary>
/// Brings a source to a program's format while it plays: one ffmpeg child, FLV in and FLV out. What comes out carries the same parameter sets as the program's
/// clips, in-band in each key frame, and keeps the source's clock.
/// </summary>
/// <remarks>
/// Three threads: one writes to the child, one reads from it, one drains its error stream. <see cref="Write"/> never waits. Restarting after a failure, with
/// back-off, is the caller's: a transcoder is used once.
/// </remarks>
public sealed class LiveTranscoder : IAsyncDisposable
{
    /// <summary>What may wait for ffmpeg: some ten seconds at 6 Mbit/s. A machine that is further behind does not catch up.</summary>
    public const int MaxQueuedBytes = 8 * 1024 * 1024;

    // Tiny packets must not make the queue long either: a minute of video and audio at usual rates.
    private const int MaxQueuedPackets = 6000;

    // A track may start a little before the packet that came first; FLV has no negative times.
    private static readonly MediaTime HeadRoom = MediaTime.FromMilliseconds(10_000);

    // FLV's clock has 32 bits of milliseconds, and ffmpeg takes the upper half for negative on some paths: 24.8 days, less a margin.
    private static readonly MediaTime LongestRun = MediaTime.FromSeconds(20 * 86400);

    /// <summary>
    /// An ffmpeg that is fed for so long and gives nothing back hangs. It takes a second or two to start on a busy machine, and what it has been fed by then has filled the queue: what
    /// it gave later would be of no use.
    /// </summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(15);

    /// <summary>A pause of the source counts as no more than this towards <see cref="SilenceLimit"/>: who is fed nothing has nothing to give. The slowest of sources (slides) sends a picture a second.</summary>
    private static readonly TimeSpan LongestFeedStep = TimeSpan.FromSeconds(1);

    private readonly RunningFfmpeg _ffmpeg;
    private readonly LiveTranscodeRequest _request;
    private readonly TimeProvider _time;
    private readonly Action<MediaPacket> _output;
    private readonly BlockingCollection<MediaPacket> _queue = new(MaxQueuedPackets);
    private readonly ArrayBufferWriter<byte> _written = new();
    private Timestamp32Unwrapper _outputClock;
    private MediaTime? _origin;
    private long _queuedBytes;
    private bool _waitsForKeyframe;
    private long? _fedAt;
    private TimeSpan _unanswered;
    private volatile bool _hasAnswered;
    private LiveTranscodeEnd? _end;

    private LiveTranscoder(RunningFfmpeg ffmpeg, LiveTranscodeRequest request, TimeProvider time, Action<MediaPacket> output)
    {
        _ffmpeg = ffmpeg;
        _request = request;
        _time = time;
        _output = output;
        // Decoding starts at a key frame; until then there is nothing to transcode.
        _waitsForKeyframe = request.VideoConfiguration is not null;
        var writing = ChildProcess.RunOnThread("transcoder-in", WriteInput);
        var reading = ChildProcess.RunOnThread("transcoder-out", ReadOutput);
        Completion = CompleteAsync(writing, reading);
    }

    /// <summary>Completes when the child has ended, whoever ended it. Never faults.</summary>
    public Task<LiveTranscodeEnd> Completion { get; }

    /// <summary>The decoder configuration of what comes out; null until the first picture.</summary>
    public AvcDecoderConfiguration? Configuration { get; private set; }

    /// <summary>Packets that were not taken: the queue was full, or a key frame was awaited.</summary>
    public long DroppedPackets { get; private set; }

    /// <summary>Starts a transcoder. Null: <paramref name="problem"/> says why in words, and nothing is left behind.</summary>
    /// <param name="request">What to do.</param>
    /// <param name="options">Where ffmpeg is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="output">Takes each frame that comes out, in decode order, on the transcoder's reading thread; must not wait. Never called after <see cref="Completion"/>.</param>
    /// <param name="problem">Why it was not started.</param>
    public static LiveTranscoder? Start(
        LiveTranscodeRequest request, FfmpegOptions options, TimeProvider time, Action<MediaPacket> output, out string problem)
    {
        problem = UnreadableCodec(request);
        X264Settings? settings = null;
        if (problem.Length == 0 && request is { VideoConfiguration: not null, TranscodeVideo: true }) X264Settings.TryCreate(request.Target, out settings, out problem);
        if (problem.Length == 0 && request is { AudioConfiguration: not null, TranscodeAudio: true } && !CanMatch(request.Target.Audio))
            problem = "the program's sound is not plain AAC-LC, which is all that can be made";
        if (problem.Length > 0) return null;

        var running = new FfmpegRunner(options, time).Start(Arguments(request, settings), lowPriority: false, out var failure);
        problem = failure?.Words ?? "";
        return running is null ? null : new(running, request, time, output);
    }

    /// <summary>True when ffmpeg's AAC encoder can make frames that fit this configuration.</summary>
    internal static bool CanMatch(AudioSpecificConfig audio) =>
        audio is { ObjectType: AudioObjectType.AacLc, HasSbr: false, SamplesPerFrame: ClipIndex.SamplesPerAudioFrame, Channels: > 0 };

    /// <summary>
    /// Hands over a frame of the source, in the order of arrival; other packets are ignored. Never waits. False: not taken (counted); after a full queue pictures
    /// are taken again from the next key frame on. To be called by one thread at a time.
    /// </summary>
    public bool Write(MediaPacket packet)
    {
        if (packet is not { Content: PacketContent.Frame, Track: 0, Kind: MediaKind.Video or MediaKind.Audio }) return true;
        _origin ??= packet.DecodeTime - HeadRoom;
        if (packet.DecodeTime - _origin.Value > LongestRun)
        {
            End(new(LiveTranscodeEndReason.RenewalDue, "The transcoder has run for 20 days and is started anew."));
        }

        if (packet is { Kind: MediaKind.Video, IsKeyframe: true }) _waitsForKeyframe = false;
        if (!_waitsForKeyframe || _fedAt is not null) WatchForAnswers();
        if (_end is null && !_waitsForKeyframe)
        {
            if (Interlocked.Read(ref _queuedBytes) + packet.Body.Length <= MaxQueuedBytes && TryQueue(packet)) return true;
            _waitsForKeyframe = _request.VideoConfiguration is not null;
        }

        DroppedPackets++;
        return false;
    }

    /// <summary>No more will be written: what is queued is still transcoded, then it ends.</summary>
    public void Stop() => End(new(LiveTranscodeEndReason.Stopped, ""));

    /// <summary>Ends it at once, or waits for its end. Afterwards there is no child and no directory.</summary>
    public async ValueTask DisposeAsync()
    {
        Stop();
        await _ffmpeg.Child.StopAsync(ChildStopPatience.None);
        await Completion;
        _queue.Dispose();
    }

    private static string UnreadableCodec(LiveTranscodeRequest request)
    {
        // ffmpeg reads enhanced FLV (HEVC, AV1, Opus …) from version 6.1 on only; Debian 12 has 5.1.
        if (request.VideoConfiguration is null && request.AudioConfiguration is null) return "there is neither video nor sound to transcode";
        if (request.VideoConfiguration is { } video && video.Codec != FourCc.Avc) return $"{video.Codec} video cannot be handed to ffmpeg in FLV";
        return request.AudioConfiguration is { } audio && audio.Codec != FourCc.Aac ? $"{audio.Codec} sound cannot be handed to ffmpeg in FLV" : "";
    }

    private static List<string> Arguments(LiveTranscodeRequest request, X264Settings? settings)
    {
        var target = request.Target;
        List<string> arguments =
        [
            // Threads within a picture only: threads on several pictures hold each back by some frames' time (140 ms instead of 60 from in to out were measured).
            .. FfmpegRunner.InputConfinement, "-copyts", "-probesize", "1000000", "-analyzeduration", "500000", "-thread_type", "slice",
            "-f", "flv", "-i", "pipe:0",
        ];
        if (request.VideoConfiguration is not null)
        {
            arguments.AddRange(["-map", "0:v:0"]);
            arguments.AddRange(settings is null
                ? ["-c:v", "copy"]
                : ["-vf", $"fps={target.FrameRate},{settings.FitFilter()}", .. settings.ForLive(request.VideoBitrateKbps)]);
        }

        if (request.AudioConfiguration is not null)
        {
            arguments.AddRange(["-map", "0:a:0"]);
            // Gaps in the sound are filled and overlaps cut, so that AAC frames stay on the source's clock.
            arguments.AddRange(request.TranscodeAudio
                ?
                [
                    "-af", "aresample=async=1000", "-c:a", "aac", "-b:a", $"{request.AudioBitrateKbps}k", "-ar", target.Audio.SampleRate.ToString(),
                    "-ac", target.Audio.Channels.ToString(),
                ]
                : ["-c:a", "copy"]);
        }

        arguments.AddRange(["-map_metadata", "-1", "-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1"]);
        return arguments;
    }

    // The first reason counts.
    private void End(LiveTranscodeEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, end, null) is null) _queue.CompleteAdding();
    }

    // From the first frame that ffmpeg could be given on, also while the queue is full.
    private void WatchForAnswers()
    {
        var now = _time.GetTimestamp();
        var step = _fedAt is { } last ? _time.GetElapsedTime(last, now) : TimeSpan.Zero;
        _fedAt = now;
        if (_hasAnswered)
        {
            _hasAnswered = false;
            _unanswered = TimeSpan.Zero;
            return;
        }

        _unanswered += step < LongestFeedStep ? step : LongestFeedStep;
        if (_unanswered < SilenceLimit || _end is not null) return;
        End(new(LiveTranscodeEndReason.Failed, $"ffmpeg was fed for {SilenceLimit.TotalSeconds:0} s and gave nothing back"));
        // A child that does not read does not see the end of its input either. Killing looks through all processes: not on the caller's thread.
        _ = Task.Run(() => _ffmpeg.Child.StopAsync(ChildStopPatience.None));
    }

    private bool TryQueue(MediaPacket packet)
    {
        try
        {
            if (!_queue.TryAdd(packet)) return false;
        }
        catch (InvalidOperationException)
        {
            // Closed by the writing thread meanwhile.
            return false;
        }

        Interlocked.Add(ref _queuedBytes, packet.Body.Length);
        return true;
    }

    private void WriteInput()
    {
        try
        {
            FlvWriter.WriteHeader(_written, new(_request.AudioConfiguration is not null, _request.VideoConfiguration is not null));
            if (_request.VideoConfiguration is { } video) FlvWriter.WriteTag(_written, FlvTagType.Video, 0, video.Body.Span);
            if (_request.AudioConfiguration is { } audio) FlvWriter.WriteTag(_written, FlvTagType.Audio, 0, audio.Body.Span);
            foreach (var packet in _queue.GetConsumingEnumerable())
            {
                Interlocked.Add(ref _queuedBytes, -packet.Body.Length);
                var type = packet.Kind is MediaKind.Video ? FlvTagType.Video : FlvTagType.Audio;
                var time = MediaTime.Max(packet.DecodeTime - _origin!.Value, MediaTime.Zero);
                FlvWriter.WriteTag(_written, type, (uint)time.Milliseconds, packet.Body.Span);
                // What is there at once goes out at once.
                if (_queue.Count > 0 && _written.WrittenCount < 64 * 1024) continue;
                _ffmpeg.Child.Input.Write(_written.WrittenSpan);
                _written.ResetWrittenCount();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The child has ended; its exit code tells why.
            _queue.CompleteAdding();
        }

        _ffmpeg.Child.CloseInput();
    }

    private void ReadOutput()
    {
        var reader = new FlvStreamReader(_ffmpeg.Child.Output);
        var packets = new List<MediaPacket>(1);
        while (reader.TryRead(out var tag))
        {
            if (tag.Kind is not (MediaKind.Video or MediaKind.Audio)) continue;
            packets.Clear();
            var time = MediaTime.FromMilliseconds(_outputClock.Unwrap(tag.Timestamp)) + (_origin ?? HeadRoom);
            TagParser.Parse(tag.Kind.Value, time, tag.Body, arrivedAt: 0, packets);
            foreach (var packet in packets) TakeOutput(packet);
        }
    }

    private void TakeOutput(MediaPacket packet)
    {
        if (packet is { Kind: MediaKind.Video, Content: PacketContent.Configuration })
            Configuration ??= AvcDecoderConfiguration.Read(packet.Payload.Span);
        if (packet.Content is not PacketContent.Frame) return;
        _hasAnswered = true;
        _output(packet.Kind is MediaKind.Video && _request.TranscodeVideo ? Finished(packet) : packet);
    }

    // The program's composition offset, and the parameter sets in each key frame, as the clips have them.
    private MediaPacket Finished(MediaPacket packet)
    {
        var configuration = Configuration ?? throw new MediaFormatException("a picture came before its decoder configuration");
        var offset = _request.Target.CompositionOffsetMilliseconds;
        var body = AvcTag.WithCompositionTime(packet.Body.Span, offset);
        if (packet.IsKeyframe) body = AvcTag.WithParameterSets(body, configuration.LengthSize, configuration.ParameterSets);
        return new()
        {
            Kind = packet.Kind,
            Content = packet.Content,
            Codec = packet.Codec,
            IsKeyframe = packet.IsKeyframe,
            DecodeTime = packet.DecodeTime,
            CompositionOffset = MediaTime.FromMilliseconds(offset),
            Body = body,
            HeaderLength = packet.HeaderLength,
        };
    }

    private async Task<LiveTranscodeEnd> CompleteAsync(Task writing, Task reading)
    {
        string? rejected = null;
        try
        {
            await reading;
        }
        catch (Exception e)
        {
            // Whatever broke, also the caller's own handler: the child must not outlive it.
            rejected = e.Message;
        }

        // The output's end is the child's end, or about to be; a writer that waits in a full pipe is freed by it.
        var code = await _ffmpeg.Child.StopAsync(new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)));
        _queue.CompleteAdding();
        await writing;
        await _ffmpeg.DisposeAsync();
        if (_end is { } wanted) return wanted;
        if (code is { } ended and not 0 && !_ffmpeg.Child.WasKilled) return new(LiveTranscodeEndReason.Failed, FfmpegRunner.Failed("ffmpeg", ended, _ffmpeg.Child).Words);
        return new(LiveTranscodeEndReason.Failed, rejected is null ? "ffmpeg ended before its input did" : $"the output of ffmpeg could not be used: {rejected}");
    }
}
