using System.Globalization;
using System.Text;
using StreamManager.Media.Aac;
using StreamManager.Media.Av1;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Mp4;

/// <summary>
/// The names by which players ask whether they can decode a track (RFC 6381; ISO/IEC 14496-15 annex E for H.264 and H.265; the AV1 binding's section 5).
/// </summary>
public static class CodecName
{
    /// <summary>For example <c>avc1.64001F</c>, <c>hvc1.1.6.L93.B0</c>, <c>av01.0.08M.08</c>, <c>mp4a.40.2</c>, <c>opus</c>.</summary>
    /// <exception cref="MediaFormatException">The configuration is broken.</exception>
    public static string Of(Mp4Track track)
    {
        var configuration = track.Configuration.Span;
        if (track.Codec == FourCc.Avc)
            return $"avc1.{Convert.ToHexString(configuration[1..4])}";
        if (track.Codec == FourCc.Hevc)
            return OfHevc(configuration);
        if (track.Codec == FourCc.Av1)
            return OfAv1(Av1Configuration.Read(configuration));
        return track.Codec == FourCc.Opus ? "opus" : OfAac(AudioSpecificConfig.Read(configuration));
    }

    private static string OfAac(AudioSpecificConfig config) =>
        string.Create(CultureInfo.InvariantCulture, $"mp4a.40.{(int)(config.HasParametricStereo ? AudioObjectType.ParametricStereo : config.HasSbr ? AudioObjectType.Sbr : config.ObjectType)}");

    private static string OfAv1(Av1Configuration config) =>
        string.Create(CultureInfo.InvariantCulture, $"av01.{config.Profile}.{config.Level:00}{(config.IsHighTier ? 'H' : 'M')}.{config.BitDepth:00}");

    // The layout is drawn at HevcDecoderConfiguration. Compatibility flags are written lowest first, constraints without the zeros at their end.
    private static string OfHevc(ReadOnlySpan<byte> record)
    {
        var name = new StringBuilder("hvc1.");
        var space = record[1] >> 6;
        if (space > 0)
            name.Append((char)('A' + space - 1));
        var compatibility = 0u;
        for (var bit = 0; bit < 32; bit++)
            compatibility |= (uint)(record[2 + bit / 8] >> (7 - bit % 8) & 1) << bit;
        name.Append(CultureInfo.InvariantCulture, $"{record[1] & 0x1F}.{compatibility:X}.{((record[1] & 0x20) != 0 ? 'H' : 'L')}{record[12]}");
        foreach (var constraint in record[6..12].TrimEnd((byte)0))
            name.Append(CultureInfo.InvariantCulture, $".{constraint:X}");
        return name.ToString();
    }
}
