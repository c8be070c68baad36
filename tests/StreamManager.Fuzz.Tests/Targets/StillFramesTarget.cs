using System.Buffers.Binary;
using StreamManager.Media.Avc;

namespace StreamManager.Fuzz.Tests.Targets;

/// <summary>A configuration record behind its length (16 bits), then a key frame: what repeats a picture without an encoder.</summary>
internal static class StillFramesTarget
{
    public static string Run(byte[] input)
    {
        if (input.Length < 2)
            return "nothing";

        var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input), input.Length - 2);
        var configuration = AvcDecoderConfiguration.Read(input.AsSpan(2, length));
        var frames = AvcStillFrames.Create(configuration, input.AsSpan(2 + length));
        if (frames is null)
            return "cannot repeat";

        foreach (var index in new long[] { 1, 2, 100_000 })
            Law.Holds(NalUnits.TypeOf(frames.CreateNalUnit(index)) == NalUnitType.Slice, "A repetition is a slice.");

        return "repeats";
    }
}
