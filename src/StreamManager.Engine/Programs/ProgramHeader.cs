using StreamManager.Engine.Sources;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Programs;

/// <summary>
/// What a program has promised to everybody who receives it: its configurations, sent once, and the formats that follow from them. Immutable while the program is on air.
/// </summary>
internal sealed record ProgramHeader
{
    /// <summary>Metadata and configurations, as they are sent.</summary>
    public required StreamHeader Stream { get; init; }

    /// <summary>The video format.</summary>
    public required VideoFormat Video { get; init; }

    /// <summary>The audio format; null: none that we know.</summary>
    public AudioFormat? AudioFormat { get; init; }

    /// <summary>The steps of the sound; null: a codec whose frames have no fixed length that we know.</summary>
    public AudioGrid? Audio { get; init; }

    /// <summary>All parameter sets of an H.264 program: the source's and the fallback's.</summary>
    public AvcDecoderConfiguration? Avc { get; init; }

    /// <summary>The header of a program that begins with a source. The fallback's parameter sets are put beside the source's, so that one configuration, sent once, is for both.</summary>
    public static ProgramHeader Of(SourceSlot slot, FallbackContent? fallback)
    {
        var configuration = slot.VideoConfiguration!;
        var avc = slot.VideoConfiguration!.Codec == FourCc.Avc ? AvcDecoderConfiguration.Read(configuration.Payload.Span) : null;
        if (avc is not null && fallback?.Configuration is { } sets && avc.WithParameterSets(sets) is { } both)
        {
            avc = both;
            configuration = AvcConfiguration(both);
        }
        return slot.AudioConfiguration is { } audio
            ? Create(configuration, slot.Video!, slot.VideoFrame.Seconds, avc, audio)
            : Create(configuration, slot.Video!, slot.VideoFrame.Seconds, avc, AacConfiguration(ProgramFormat.DefaultAudio));
    }

    /// <summary>The header of a program that begins with its fallback.</summary>
    public static ProgramHeader Of(FallbackContent fallback)
    {
        var avc = fallback.Configuration!;
        var configuration = AvcConfiguration(avc);
        var format = VideoFormat.FromConfiguration(FourCc.Avc, configuration.Payload.Span);
        return Create(configuration, format, fallback.TimeOfFrame(1).Seconds, avc, AacConfiguration(fallback.Audio!));
    }

    /// <summary>The format that a source would give a program.</summary>
    public static ProgramFormat FormatOf(SourceSlot slot)
    {
        var video = slot.Video!;
        var rate = video.FrameRate ?? FrameRate.Create((ulong)Math.Round(1000 / slot.VideoFrame.Seconds), 1000);
        var offset = (int)(slot.LastKeyframe?.CompositionOffset.Milliseconds ?? 0);
        var audio = slot.AudioConfiguration is { } configuration && configuration.Codec == FourCc.Aac ? AudioSpecificConfig.Read(configuration.Payload.Span) : null;
        return video.Codec == FourCc.Avc
            ? ProgramFormat.FromSource(AvcDecoderConfiguration.Read(slot.VideoConfiguration!.Payload.Span), audio, rate, offset)
            : new ProgramFormat
            {
                VideoCodec = video.Codec,
                Width = video.Width,
                Height = video.Height,
                FrameRate = rate ?? ProgramFormat.DefaultFrameRate,
                CompositionOffsetMilliseconds = offset,
                Audio = audio ?? ProgramFormat.DefaultAudio,
            };
    }

    /// <summary>How a source goes into a program with this header.</summary>
    public static FormatFit Judge(ProgramHeader header, SourceSlot slot)
    {
        if (!VideoFits(header, slot) || !AudioFits(header, slot))
            return FormatFit.Transcode;
        return HoldsSetsOf(header, slot) ? FormatFit.Direct : FormatFit.DirectWithParameterSets;
    }

    /// <summary>True when the announced configuration is enough for the source's own pictures. Only H.264 can have others, see <see cref="VideoFits"/>.</summary>
    public static bool HoldsSetsOf(ProgramHeader header, SourceSlot slot) => header.Avc is not { } known
        || AvcDecoderConfiguration.Read(slot.VideoConfiguration!.Payload.Span).ParameterSets.All(set => known.ParameterSets.Any(other => other.Span.SequenceEqual(set.Span)));

    /// <summary>True when a decoder of the program takes the source's pictures: same codec, size and sample format. Other parameter sets can travel in-band with H.264 only.</summary>
    public static bool VideoFits(ProgramHeader header, SourceSlot slot)
    {
        var (video, program) = (slot.Video!, header.Video);
        if ((video.Codec, video.Width, video.Height, video.BitDepth, video.ChromaFormat) != (program.Codec, program.Width, program.Height, program.BitDepth, program.ChromaFormat))
            return false;
        return header.Avc is { } known
            ? AvcDecoderConfiguration.Read(slot.VideoConfiguration!.Payload.Span).LengthSize == known.LengthSize
            : slot.VideoConfiguration!.Payload.Span.SequenceEqual(header.Stream.Video!.Payload.Span);
    }

    /// <summary>True when the source has no sound (silence takes its place) or the program's layout.</summary>
    public static bool AudioFits(ProgramHeader header, SourceSlot slot) =>
        slot.Audio is not { } audio || (header.AudioFormat is { } program
            && (audio.Codec, audio.SampleRate, audio.Channels, audio.SamplesPerFrame, audio.ObjectType) == (program.Codec, program.SampleRate, program.Channels, program.SamplesPerFrame, program.ObjectType));

    /// <summary>The keyframe with its source's parameter sets in-band.</summary>
    public static MediaPacket WithOwnParameterSets(MediaPacket keyframe, SourceSlot slot)
    {
        var own = AvcDecoderConfiguration.Read(slot.VideoConfiguration!.Payload.Span);
        return keyframe.WithBody(AvcTag.WithParameterSets(keyframe.Body.Span, own.LengthSize, own.ParameterSets), keyframe.CompositionOffset);
    }

    private static ProgramHeader Create(MediaPacket video, VideoFormat format, double frameSeconds, AvcDecoderConfiguration? avc, MediaPacket audio)
    {
        var audioFormat = AudioFormat.FromConfiguration(audio.Codec, audio.Payload.Span);
        return new ProgramHeader
        {
            Stream = new StreamHeader(Describe(format, frameSeconds, audioFormat), video, audio),
            Video = format,
            AudioFormat = audioFormat,
            Audio = GridOf(audio, audioFormat),
            Avc = avc,
        };
    }

    /// <summary>
    /// The <c>onMetaData</c> that we send is made from what the tracks really are, because encoders leave things out and platforms show it to their users.
    /// </summary>
    public static OnMetaData Describe(VideoFormat video, double frameSeconds, AudioFormat? audio) =>
        OnMetaData.Describe(video, audio) with { FrameRate = Math.Round(1 / frameSeconds, 3), Encoder = "Stream Manager" };

    private static AudioGrid? GridOf(MediaPacket configuration, AudioFormat format)
    {
        if (format is not { SamplesPerFrame: > 0 and var samples, SampleRate: > 0 })
            return null;
        var silence = configuration.Codec == FourCc.Aac ? SilentAacFrame.Create(AudioSpecificConfig.Read(configuration.Payload.Span)) : null;
        var frame = silence is { } bytes
            ? new MediaPacket { Kind = MediaKind.Audio, Content = PacketContent.Frame, Codec = FourCc.Aac, Body = AacTag.Frame(bytes.Span), HeaderLength = 2 }
            : null;
        return new AudioGrid(samples, format.SampleRate, frame);
    }

    private static MediaPacket AvcConfiguration(AvcDecoderConfiguration configuration) => new()
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Configuration,
        Codec = FourCc.Avc,
        Body = AvcTag.Configuration(configuration.ToArray()),
        HeaderLength = 5,
    };

    private static MediaPacket AacConfiguration(AudioSpecificConfig configuration) => new()
    {
        Kind = MediaKind.Audio,
        Content = PacketContent.Configuration,
        Codec = FourCc.Aac,
        Body = AacTag.Configuration(configuration.Bytes.Span),
        HeaderLength = 2,
    };
}
