using StreamManager.Engine.Programs;
using StreamManager.Media;
using StreamManager.Media.Mp4;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Playback;

/// <summary>
/// Cuts a stream into segments: at keyframes, or where a segment becomes too long or too large without one. A function of what it is given: no clock, no task. Times begin at zero with the first picture
/// and go on over everything; where they cannot, and where the tracks change, a segment says that it does not continue the one before.
/// </summary>
/// <param name="keyframeSeconds">Distance of the source's keyframes, where that is known; else 0.</param>
internal sealed class HlsSegmenter(double keyframeSeconds = 0)
{
    // AV1 in MP4 has no temporal delimiters (binding, section 2.4); enhanced RTMP does not forbid them in front of a frame.
    private static readonly byte[] TemporalDelimiter = [0x12, 0x00];

    private HlsInit? _init;
    private HlsRun? _pictures;
    private HlsRun? _sound;
    private MediaTime _origin;
    private MediaTime _latest = MediaTime.MinValue;
    private MediaTime _lastPicture;
    private MediaTime _pictureStep = MediaTime.FromMilliseconds(33);
    private MediaTime _start;
    private DateTimeOffset _wallAtOrigin;
    private long _heldBytes;
    private long _nextNumber;
    private int _discontinuities;
    private bool _waitsForKeyframe = true;
    private bool _isDiscontinuity;
    private bool _isIndependent;

    /// <summary>The target duration in seconds; 0 before the first segment. Does not change afterwards (RFC 8216 section 6.2.1).</summary>
    public int TargetSeconds { get; private set; }

    /// <summary>Memory of what waits for the end of its segment, bytes.</summary>
    public long HeldBytes => _heldBytes;

    /// <summary>The stream begins, or goes on with another header; what is there by now goes into <paramref name="into"/>. Null: good; else why this cannot be HLS.</summary>
    public string? Begin(StreamHeader header, List<HlsSegment> into)
    {
        Finish(into);
        if (header.Video is not { } video)
            return "There are no pictures, and HLS is made of them here.";
        try
        {
            if (Mp4Track.Video(1, video.Codec, video.Payload) is not { } pictures)
                return $"HLS cannot carry the video codec {video.Codec}.";
            Mp4AudioTrack? sound = null;
            if (header.Audio is { } audio && (sound = Mp4Track.Audio(2, audio.Codec, audio.Payload)) is null)
                return $"HLS cannot carry the audio codec {audio.Codec}.";
            _init = new HlsInit(_init is null ? 0 : _init.Number + 1, pictures, sound, sound is null ? Mp4Init.Write(pictures) : Mp4Init.Write(pictures, sound));
            (_pictures, _sound) = (new HlsRun(pictures), sound is null ? null : new HlsRun(sound));
            _waitsForKeyframe = true;
            return null;
        }
        catch (MediaFormatException exception)
        {
            return $"The configuration of the stream cannot be read: {exception.Message}";
        }
    }

    /// <summary>The next packet; segments that it completes go into <paramref name="into"/>.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="newest">Time of the newest packet that is there, which came <paramref name="now"/>.</param>
    /// <param name="now">Wall time.</param>
    /// <param name="into">Completed segments.</param>
    public void Add(in ProgramPacket packet, MediaTime newest, DateTimeOffset now, List<HlsSegment> into)
    {
        if (packet.Packet.Content is not PacketContent.Frame || packet.Packet.Kind is MediaKind.Data || _init is null)
            return;
        var (time, isPicture) = (packet.DecodeTime, packet.IsVideoFrame);
        if (!_waitsForKeyframe && IsElsewhere(packet))
            _waitsForKeyframe = true;
        if (_waitsForKeyframe)
        {
            if (!packet.IsVideoKeyframe)
                return;
            Finish(into);
            BeginTimeline(time, newest, now);
        }
        else if (time < _origin)
        {
            return; // sound from before the first picture
        }
        else if (IsCut(packet))
        {
            Cut(time, isPicture ? Units(time - _origin, Mp4Track.VideoTimescale) : null, into);
        }

        if (_pictures!.Count == 0 && _sound is not { Count: > 0 })
            (_start, _isIndependent) = (time, packet.IsVideoKeyframe);
        if (isPicture)
            AddPicture(packet.Packet, time);
        else
            AddSound(packet.Packet, time);
        _latest = MediaTime.Max(_latest, time);
    }

    /// <summary>Nothing follows for now: what waits becomes a segment.</summary>
    public void Finish(List<HlsSegment> into)
    {
        if (_init is not null)
            Cut(MediaTime.Max(_lastPicture + _pictureStep, _latest), null, into);
    }

    private void BeginTimeline(MediaTime time, MediaTime newest, DateTimeOffset now)
    {
        _waitsForKeyframe = false;
        _isDiscontinuity = _nextNumber > 0;
        if (_isDiscontinuity)
            _discontinuities++;
        // What has been said stays true: time goes on from where it was, after however large a step.
        var reached = _latest == MediaTime.MinValue ? MediaTime.Zero : MediaTime.Max(_lastPicture + _pictureStep, _latest) - _origin;
        _origin = time - reached;
        _wallAtOrigin = now - (newest - _origin).ToTimeSpan();
        _latest = time;
    }

    // A reader that was behind goes on at a keyframe, and what is missing before it would stretch the segment.
    private bool IsElsewhere(in ProgramPacket packet)
    {
        var step = packet.DecodeTime - _latest;
        return step > HlsLimits.LargestStep || step < MediaTime.Zero - HlsLimits.LargestStep || (packet.IsVideoKeyframe && step > _pictureStep * 2 + HlsLimits.Slack);
    }

    private MediaTime Longest => MediaTime.FromSeconds(TargetSeconds == 0 ? HlsLimits.LongestTarget : TargetSeconds) + HlsLimits.Slack;

    private bool IsCut(in ProgramPacket packet)
    {
        var length = packet.DecodeTime - _start;
        if (packet.IsVideoKeyframe && (length >= HlsLimits.ShortestCut || !_isIndependent))
            return true;
        return length + (packet.IsVideoFrame ? _pictureStep : MediaTime.Zero) > Longest
            || _heldBytes + packet.Packet.Body.Length + HlsLimits.BytesPerSample > HlsLimits.MaxSegmentBytes
            || _pictures!.Count + (_sound?.Count ?? 0) >= HlsLimits.MaxSegmentSamples;
    }

    private void AddPicture(MediaPacket picture, MediaTime time)
    {
        var data = picture.Payload;
        if (picture.Codec == FourCc.Av1 && data.Span.StartsWith(TemporalDelimiter))
            data = data[TemporalDelimiter.Length..];
        // A step that is one of a pause says nothing about the next picture.
        if (time > _lastPicture && time - _lastPicture <= MediaTime.FromMilliseconds(1_000))
            _pictureStep = time - _lastPicture;
        _lastPicture = time;
        _pictures!.AddPicture(data, Units(time - _origin, Mp4Track.VideoTimescale), (int)Units(picture.CompositionOffset, Mp4Track.VideoTimescale), picture.IsKeyframe);
        _heldBytes += picture.Body.Length + HlsLimits.BytesPerSample;
    }

    private void AddSound(MediaPacket sound, MediaTime time)
    {
        if (_sound is null)
            return;
        int samples;
        try
        {
            samples = _init!.Audio!.CountSamples(sound.Payload.Span);
        }
        catch (MediaFormatException)
        {
            return; // a frame that nobody could play
        }
        _sound.AddSound(sound.Payload, Units(time - _origin, _init.Audio.Timescale), samples);
        _heldBytes += sound.Body.Length + HlsLimits.BytesPerSample;
    }

    private void Cut(MediaTime end, long? lastPictureEnd, List<HlsSegment> into)
    {
        var pictures = _pictures!.Take(lastPictureEnd);
        var sound = _sound?.Take(null);
        var runs = new[] { pictures, sound }.OfType<Mp4Run>().ToArray();
        if (runs.Length == 0)
            return;
        var header = Mp4Fragment.WriteHeader((uint)(_nextNumber + 1), runs);
        // A picture that stands for longer than a segment may be belongs to the next one, as far as the playlist is concerned.
        var duration = MediaTime.Min(MediaTime.Max(end - _start, MediaTime.FromMilliseconds(1)), Longest).ToTimeSpan();
        if (TargetSeconds == 0)
            TargetSeconds = Math.Clamp((int)Math.Ceiling(Math.Max(duration.TotalSeconds, keyframeSeconds) - HlsLimits.Slack.Seconds), HlsLimits.ShortestTarget, HlsLimits.LongestTarget);
        into.Add(new HlsSegment
        {
            Number = _nextNumber++,
            Init = _init!,
            Discontinuities = _discontinuities,
            IsDiscontinuity = _isDiscontinuity,
            IsIndependent = _isIndependent,
            Duration = duration,
            StartsAt = _wallAtOrigin + (_start - _origin).ToTimeSpan(),
            Pictures = pictures?.Samples.Count ?? 0,
            HeldBytes = _heldBytes + header.Length,
            Pieces = [header, .. runs.SelectMany(run => run.Samples).Select(sample => sample.Data)],
        });
        _heldBytes = 0;
        _isDiscontinuity = false;
    }

    // To the nearest.
    private static long Units(MediaTime time, uint timescale)
    {
        var nanoseconds = (Int128)time.Nanoseconds * timescale;
        return (long)((nanoseconds + (nanoseconds < 0 ? -500_000_000 : 500_000_000)) / 1_000_000_000);
    }
}
