using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>The even steps of a program's audio frames, and a frame of silence to put into them.</summary>
/// <param name="SamplesPerFrame">Samples per channel in a frame (1024 for AAC-LC).</param>
/// <param name="SampleRate">Samples per second.</param>
/// <param name="SilentFrame">A frame of silence in the program's codec and layout; null: none can be made.</param>
internal sealed record AudioGrid(int SamplesPerFrame, int SampleRate, MediaPacket? SilentFrame)
{
    /// <summary>Duration of one frame.</summary>
    public MediaTime FrameDuration { get; } = MediaTime.FromUnits(SamplesPerFrame, SampleRate);

    /// <summary>The time of frame number <paramref name="index"/>, exact for any number.</summary>
    public MediaTime TimeOf(long index) => MediaTime.FromUnits(index * SamplesPerFrame, SampleRate);
}
