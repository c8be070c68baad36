using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>
/// A loop of pictures (and maybe sound) in the program's own format, that plays while no source is good. Read by the program's loop only, which must never wait: what is
/// not in memory yet is not there.
/// </summary>
internal abstract class FallbackContent : IDisposable
{
    /// <summary>Video frames in the loop; at least 1; the first one is a keyframe.</summary>
    public abstract int FrameCount { get; }

    /// <summary>Audio frames in the loop; 0: silence.</summary>
    public virtual int AudioFrameCount => 0;

    /// <summary>Its H.264 parameter sets; null: those of the program itself.</summary>
    public virtual AvcDecoderConfiguration? Configuration => null;

    /// <summary>The layout of its sound, which is the program's; null: it knows none.</summary>
    public virtual AudioSpecificConfig? Audio => null;

    /// <summary>The decode time of video frame number <paramref name="index"/>, counted on over the end of the loop without rounding errors.</summary>
    public abstract MediaTime TimeOfFrame(long index);

    /// <summary>Video frame <paramref name="index"/> of the loop, with a decode time of zero. Null: not at hand at the moment.</summary>
    public abstract MediaPacket? GetFrame(int index);

    /// <summary>Audio frame <paramref name="index"/> of the loop, its decode time counted from the start of the loop. Null: not at hand at the moment.</summary>
    public virtual MediaPacket? GetAudioFrame(int index) => null;

    /// <summary>Lets go of files. Called by the program that it was given to, once; the content is not used afterwards.</summary>
    public virtual void Dispose()
    {
    }
}
