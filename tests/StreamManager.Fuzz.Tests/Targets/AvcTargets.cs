using StreamManager.Media.Avc;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class AvcTargets
{
    public static string RunConfiguration(byte[] input)
    {
        var configuration = AvcDecoderConfiguration.Read(input);
        var bytes = configuration.ToArray();
        Law.Holds(AvcDecoderConfiguration.Read(bytes).ToArray().AsSpan().SequenceEqual(bytes), "A record is written and read again equal.");

        // A record may contradict itself: two sets of one id. Such a record cannot be joined with any that has the id, itself included.
        var joined = configuration.WithParameterSets(configuration);
        Law.Holds(joined is not null || HasRepeatedId(configuration), "A record is refused for contradictions only.");
        Law.Holds(joined is null || joined.ToArray().AsSpan().SequenceEqual(bytes), "A record joined with itself is itself.");
        return $"{configuration.SequenceParameterSets.Length} {configuration.PictureParameterSets.Length > 1} {configuration.LengthSize} "
            + $"{configuration.HighProfileTail is not null}";
    }

    private static bool HasRepeatedId(AvcDecoderConfiguration configuration) =>
        configuration.SequenceParameterSets.GroupBy(set => AvcSequenceParameterSet.ReadId(set.Span)).Any(group => group.Count() > 1)
        || configuration.PictureParameterSets.GroupBy(set => AvcPictureParameterSet.ReadId(set.Span)).Any(group => group.Count() > 1);

    public static string RunParameterSets(byte[] input)
    {
        if (input.Length > 0 && (input[0] & 0x1F) == (int)NalUnitType.PictureParameterSet)
        {
            var picture = AvcPictureParameterSet.Read(input);
            Law.Holds(picture.Id == AvcPictureParameterSet.ReadId(input), "The id alone is the id.");
            return $"picture {picture.IsCabac} {picture.Transform8x8} {picture.SliceGroups}";
        }

        var sequence = AvcSequenceParameterSet.Read(input);
        Law.Holds(sequence.Id == AvcSequenceParameterSet.ReadId(input), "The id alone is the id.");
        Law.Holds(sequence is { Width: > 0, Height: > 0 }, "A picture has a size.");
        return $"sequence {sequence.ChromaFormatIdc} {sequence.PictureOrder.GetType().Name} {sequence.FrameMacroblocksOnly} "
            + $"{sequence.Usability is not null} {sequence.FrameRate is not null}";
    }

    /// <summary>The first byte chooses the size of lengths; the others are units in either framing.</summary>
    public static string RunNalUnits(byte[] input)
    {
        if (input.Length == 0)
            return "nothing";

        var stream = input.AsSpan(1);
        var lengthSize = (input[0] & 1) == 0 ? 4 : 3;
        var rewritten = NalUnits.AnnexBToLengthPrefixed(stream, lengthSize);
        var units = new List<byte[]>();
        foreach (var range in NalUnits.ReadLengthPrefixed(rewritten, lengthSize))
            units.Add(rewritten[range]);

        var count = 0;
        foreach (var range in NalUnits.ReadAnnexB(stream))
        {
            Law.Holds(count < units.Count && units[count].AsSpan().SequenceEqual(stream[range]), "Both framings hold the same units.");
            count++;
        }

        Law.Holds(count == units.Count, "Both framings hold as many units.");
        // Raw bytes end with a stop bit, or with pairs of zeros behind it. A single zero at the end, which no encoder writes, gets its 03 too, and that one stays.
        var prevented = NalUnits.AddEmulationPrevention(stream);
        Law.Holds(prevented.Length == 0 || prevented[^1] != 0, "A unit does not end with a zero byte.");
        Law.Holds(prevented.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 1]) < 0 && prevented.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0, 0]) < 0, "A unit holds no start code.");
        byte[] raw = (stream.Length - stream.TrimEnd((byte)0).Length) % 2 == 0 ? stream.ToArray() : [.. stream, 3];
        Law.Holds(NalUnits.RemoveEmulationPrevention(prevented).AsSpan().SequenceEqual(raw), "Emulation prevention is taken away as it was added.");

        foreach (var range in NalUnits.ReadLengthPrefixed(stream, lengthSize))
            count += stream[range].Length;

        return $"{Math.Min(units.Count, 8)} {count > units.Count}";
    }
}
