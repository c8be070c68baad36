using StreamManager.Engine.Codecs.Clips;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>A prepared clip as fallback.</summary>
internal sealed class ClipFallback(Clip clip) : FallbackContent
{
    private readonly ClipReader _reader = clip.OpenReader();
    private readonly MediaTime _compositionOffset = MediaTime.FromMilliseconds(clip.Format.CompositionOffsetMilliseconds);

    /// <inheritdoc/>
    public override int FrameCount => clip.VideoFrameCount;

    /// <inheritdoc/>
    public override int AudioFrameCount => clip.AudioFrameCount;

    /// <inheritdoc/>
    public override AvcDecoderConfiguration? Configuration => clip.Configuration;

    /// <inheritdoc/>
    public override AudioSpecificConfig? Audio => clip.Format.Audio;

    /// <inheritdoc/>
    public override MediaTime TimeOfFrame(long index) => clip.FrameRate.TimeOf(index);

    /// <inheritdoc/>
    public override MediaPacket? GetFrame(int index) => !_reader.TryGetVideo(index, out var body)
        ? null
        : new MediaPacket
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = clip.IsKeyframe(index),
            CompositionOffset = _compositionOffset,
            Body = body,
            HeaderLength = 5,
        };

    /// <inheritdoc/>
    public override MediaPacket? GetAudioFrame(int index) => !_reader.TryGetAudio(index, out var body)
        ? null
        : new MediaPacket
        {
            Kind = MediaKind.Audio,
            Content = PacketContent.Frame,
            Codec = FourCc.Aac,
            DecodeTime = MediaTime.FromUnits(clip.AudioSamplePosition(index), clip.Format.Audio.SampleRate),
            Body = body,
            HeaderLength = 2,
        };

    /// <inheritdoc/>
    public override void Dispose()
    {
        _reader.Dispose();
        base.Dispose();
    }
}
