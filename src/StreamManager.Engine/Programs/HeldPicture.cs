using StreamManager.Media;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>
/// The last keyframe of the source, held: the fallback of last resort, that needs neither ffmpeg nor any other help. Between two repetitions of the keyframe stand pictures that
/// say "the same again" in some ten bytes, so that the frame rate stays. Where such pictures cannot be made (another codec than H.264, interlaced video)
/// the keyframe alone is repeated, twice a second: at every frame's time it would be many times the stream's bitrate.
/// </summary>
internal sealed class HeldPicture : FallbackContent
{
    /// <summary>Distance of keyframes, as every destination asks for it.</summary>
    private static readonly MediaTime KeyframeInterval = MediaTime.FromMilliseconds(2000);

    private static readonly MediaTime LonelyInterval = MediaTime.FromMilliseconds(500);

    private readonly MediaPacket[] _frames;
    private readonly MediaTime _frameDuration;

    private HeldPicture(MediaPacket[] frames, MediaTime frameDuration)
    {
        _frames = frames;
        _frameDuration = frameDuration;
    }

    /// <inheritdoc/>
    public override int FrameCount => _frames.Length;

    /// <summary>Holds <paramref name="keyframe"/> at the program's frame rate; null when there is no keyframe.</summary>
    public static HeldPicture? Create(ProgramHeader header, MediaPacket? keyframe, MediaTime frameDuration)
    {
        if (keyframe is null)
            return null;
        if (header.Avc is not { } configuration || CreateStillFrames(configuration, keyframe) is not { } stills)
            return new HeldPicture([keyframe], LonelyInterval);

        var frames = new MediaPacket[Math.Max(2, (int)(KeyframeInterval.Nanoseconds / frameDuration.Nanoseconds))];
        frames[0] = keyframe;
        for (var i = 1; i < frames.Length; i++)
        {
            frames[i] = new MediaPacket
            {
                Kind = MediaKind.Video,
                Content = PacketContent.Frame,
                Codec = FourCc.Avc,
                CompositionOffset = keyframe.CompositionOffset,
                Body = AvcTag.Frame(false, (int)keyframe.CompositionOffset.Milliseconds, [stills.CreateNalUnit(i)], configuration.LengthSize),
                HeaderLength = keyframe.HeaderLength,
            };
        }
        return new HeldPicture(frames, frameDuration);
    }

    /// <inheritdoc/>
    public override MediaTime TimeOfFrame(long index) => _frameDuration * index;

    /// <inheritdoc/>
    public override MediaPacket? GetFrame(int index) => _frames[index];

    private static AvcStillFrames? CreateStillFrames(AvcDecoderConfiguration configuration, MediaPacket keyframe)
    {
        try
        {
            return AvcStillFrames.Create(configuration, keyframe.Payload.Span);
        }
        catch (MediaFormatException)
        {
            // An encoder's fault in a keyframe that decoders may well forgive: it is repeated as it is.
            return null;
        }
    }
}
