using StreamManager.Engine.Programs;
using StreamManager.Media.Flv;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Sources;

/// <summary>How well a source goes into the running program.</summary>
internal enum FormatFit
{
    /// <summary>Not known yet: its configuration has not come, or nothing is on air.</summary>
    Unknown = 1,

    /// <summary>Its packets go through as they are.</summary>
    Direct = 2,

    /// <summary>As they are, but each keyframe carries its parameter sets, which the announced configuration does not hold.</summary>
    DirectWithParameterSets = 3,

    /// <summary>Only a transcoder makes it fit.</summary>
    Transcode = 4,
}

/// <summary>
/// A place for a source in a channel and what is known of whoever holds it. Owned by the program's loop.
/// </summary>
internal sealed class SourceSlot(string id, bool keepsGroup)
{
    /// <summary>How long a new source's sound is waited for once its pictures are there. Encoders send both configurations within the first messages.</summary>
    internal static readonly MediaTime AudioPatience = MediaTime.FromMilliseconds(1000);

    /// <summary>Sound is kept for so long, so that a switch at a keyframe finds the sound that belongs to it although it came earlier.</summary>
    private static readonly MediaTime RecentAudio = MediaTime.FromMilliseconds(1000);

    /// <summary>Bytes of it that are kept: eight times what AAC has in a second at its highest rate, and one message of the largest size.</summary>
    private const int RecentAudioBytes = 1024 * 1024;

    /// <summary>Characters of an encoder's name that are kept: more than any has.</summary>
    private const int LongestEncoderName = 128;

    private readonly Queue<MediaPacket> _recentAudio = new();
    private int _recentAudioBytes;

    /// <summary>The source's id.</summary>
    public string Id { get; } = id;

    /// <summary>The source's own stream, for previews.</summary>
    public PacketHub Hub { get; } = new(keepsGroup);

    /// <summary>Measures bitrate and the like.</summary>
    public SourceMeter Meter { get; private set; } = new();

    /// <summary>Who publishes; null: nobody.</summary>
    public SourceOrigin? Origin { get; private set; }

    /// <summary>When the publisher came.</summary>
    public MediaTime AttachedAt { get; private set; }

    /// <summary>Its video configuration; null: not yet.</summary>
    public MediaPacket? VideoConfiguration { get; private set; }

    /// <summary>Its audio configuration; null: not yet, or no sound.</summary>
    public MediaPacket? AudioConfiguration { get; private set; }

    /// <summary>Its video format.</summary>
    public VideoFormat? Video { get; private set; }

    /// <summary>Its audio format.</summary>
    public AudioFormat? Audio { get; private set; }

    /// <summary>The frame rate that its metadata claims; 0: none.</summary>
    public double ClaimedFrameRate { get; private set; }

    /// <summary>Its name for itself.</summary>
    public string Encoder { get; private set; } = "";

    /// <summary>How it goes into the running program.</summary>
    public FormatFit Fit { get; set; } = FormatFit.Unknown;

    /// <summary>Counts the transcoders that the place has had: frames of an earlier one belong to nobody any more.</summary>
    public int TranscoderGeneration { get; set; }

    /// <summary>The newest keyframe, kept over the publisher's end: what is held when there is no clip.</summary>
    public MediaPacket? LastKeyframe { get; private set; }

    /// <summary>First video frame of this publisher; null: none yet.</summary>
    public MediaTime? FirstVideoAt { get; private set; }

    /// <summary>Last frame as the publisher sent it, whether or not it could go into the program.</summary>
    public MediaTime LastReceivedAt { get; private set; }

    /// <summary>Last media that could go into the program (from the transcoder, when there is one).</summary>
    public MediaTime LastMediaAt { get; private set; }

    /// <summary>Last video frame, likewise.</summary>
    public MediaTime LastVideoAt { get; private set; }

    /// <summary>Since when media has come without a stall.</summary>
    public MediaTime GoodSince { get; private set; }

    /// <summary>Connected, but silent for longer than the timeout.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>The sound of the last second, oldest first.</summary>
    public IEnumerable<MediaPacket> RecentSound => _recentAudio;

    /// <summary>Duration of one of its video frames: what its configuration says, else its metadata, else what is measured, else a thirtieth of a second.</summary>
    public MediaTime VideoFrame => Video?.FrameRate is { } rate && IsPlausible(rate.Numerator / (double)rate.Denominator)
        ? MediaTime.FromUnits(1, rate.Numerator, rate.Denominator)
        : MediaTime.FromSeconds(1 / (IsPlausible(ClaimedFrameRate) ? ClaimedFrameRate : IsPlausible(Meter.FramesPerSecond) ? Math.Round(Meter.FramesPerSecond) : 30));

    /// <summary>A publisher takes the place.</summary>
    public void Attach(SourceOrigin origin, MediaTime now)
    {
        Forget();
        Origin = origin;
        Encoder = origin.Encoder;
        AttachedAt = LastReceivedAt = LastMediaAt = LastVideoAt = GoodSince = now;
    }

    /// <summary>What the encoder says about itself: hints, and a peer's text that is cleaned before it is shown.</summary>
    public void Describe(OnMetaData metadata)
    {
        ClaimedFrameRate = metadata.FrameRate ?? ClaimedFrameRate;
        if (metadata.Encoder is { Length: > 0 } encoder)
            Encoder = new string([.. encoder.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(LongestEncoderName)]);
    }

    /// <summary>The publisher leaves.</summary>
    public void Detach()
    {
        Hub.End(HubEnd.Intended);
        Forget();
    }

    /// <summary>Takes a configuration. False: it is the one that is known already.</summary>
    /// <exception cref="Media.MediaFormatException">The configuration cannot be read.</exception>
    public bool SetConfiguration(MediaPacket packet)
    {
        var known = packet.Kind is MediaKind.Video ? VideoConfiguration : AudioConfiguration;
        if (known is not null && known.Body.Span.SequenceEqual(packet.Body.Span))
            return false;
        if (packet.Kind is MediaKind.Video)
        {
            Video = VideoFormat.FromConfiguration(packet.Codec, packet.Payload.Span);
            VideoConfiguration = packet;
        }
        else
        {
            Audio = AudioFormat.FromConfiguration(packet.Codec, packet.Payload.Span);
            AudioConfiguration = packet;
        }
        // Who watches the source has begun with what was before.
        if (Hub.HasBegun)
            BeginHub();
        return true;
    }

    /// <summary>False: the frame is of another codec than the configuration of its track, so nobody who was given that can decode it. True also while there is none (MP3 never has one).</summary>
    public bool HasAnnounced(MediaPacket frame) => (frame.Kind is MediaKind.Video ? VideoConfiguration : AudioConfiguration) is not { } configuration || configuration.Codec == frame.Codec;

    /// <summary>True once it is known what the source sends: its pictures have come, and its sound too, or it has had time enough.</summary>
    public bool HasFormat(MediaTime now) =>
        Origin is not null && Video is not null && FirstVideoAt is { } firstVideo && (Audio is not null || now - firstVideo >= AudioPatience);

    /// <summary>Notes a frame as the publisher sent it.</summary>
    public void ObserveReceived(MediaPacket packet, MediaTime now)
    {
        Meter.Observe(packet, now);
        LastReceivedAt = now;
        if (packet.Kind is MediaKind.Video)
        {
            FirstVideoAt ??= now;
            if (packet.IsKeyframe)
                LastKeyframe = packet;
        }
        if (!Hub.HasBegun && HasFormat(now))
            BeginHub();
    }

    /// <summary>Notes a frame that could go into the program.</summary>
    public void ObserveMedia(MediaPacket packet, MediaTime now)
    {
        if (IsStalled)
            GoodSince = now;
        IsStalled = false;
        LastMediaAt = now;
        if (packet.Kind is MediaKind.Video)
        {
            LastVideoAt = now;
            return;
        }
        _recentAudio.Enqueue(packet);
        _recentAudioBytes += packet.Body.Length;
        while (_recentAudio.TryPeek(out var oldest) && (packet.DecodeTime - oldest.DecodeTime > RecentAudio || _recentAudioBytes > RecentAudioBytes))
            _recentAudioBytes -= _recentAudio.Dequeue().Body.Length;
    }

    /// <summary>The monotonic time at which the source counts as stalled if nothing more comes.</summary>
    public MediaTime StallsAt(MediaTime timeout)
    {
        // A picture a second (slides) is no stall; a picture that stands while the sound goes on is one.
        var videoTimeout = MediaTime.Max(timeout, VideoFrame * 4);
        return MediaTime.Min(LastMediaAt + timeout, LastVideoAt + videoTimeout);
    }

    /// <summary>Judges at <paramref name="now"/>. True: it has just become stalled.</summary>
    public bool Judge(MediaTime timeout, MediaTime now)
    {
        if (Origin is null || IsStalled || now < StallsAt(timeout))
            return false;
        IsStalled = true;
        return true;
    }

    private void BeginHub() =>
        Hub.Begin(new StreamHeader(Video is { } video ? ProgramHeader.Describe(video, VideoFrame.Seconds, Audio) : null, VideoConfiguration, AudioConfiguration));

    private void Forget()
    {
        Origin = null;
        VideoConfiguration = AudioConfiguration = null;
        (Video, Audio) = (null, null);
        FirstVideoAt = null;
        IsStalled = false;
        ClaimedFrameRate = 0;
        Encoder = "";
        Fit = FormatFit.Unknown;
        Meter = new SourceMeter();
        _recentAudio.Clear();
        _recentAudioBytes = 0;
    }

    private static bool IsPlausible(double framesPerSecond) => framesPerSecond is >= 1 and <= 300;
}
