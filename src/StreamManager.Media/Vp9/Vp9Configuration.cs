using StreamManager.Media.Bits;
using StreamManager.Media.Formats;

namespace StreamManager.Media.Vp9;

/// <summary>
/// VPCodecConfigurationRecord, "vpcC" (VP Codec ISO Media File Format Binding).
/// <code>
/// [01 000000] | profile u8 | level u8 | depth 4, subsampling 3, full range 1 | primaries u8 | transfer u8 | matrix u8 | size u16 (0)
/// </code>
/// Some senders leave out the version and flags in front, which belong to the box around the record; both are read. It does not say the picture's size.
/// </summary>
public sealed record Vp9Configuration(int Profile, int Level, int BitDepth, int ChromaFormatIdc, ColourDescription Colour)
{
    private const int MaxProfile = 3;
    private const int Version = 1;
    private const int VersionAndFlagsSize = 4;

    /// <summary>Reads a record.</summary>
    /// <exception cref="MediaFormatException">Cut off, or of no known profile.</exception>
    public static Vp9Configuration Read(ReadOnlySpan<byte> record)
    {
        var reader = new ByteReader(record);
        // A level is never 0, so that these four bytes cannot begin a record.
        if (record is [Version, 0, 0, 0, ..])
            reader.Take(VersionAndFlagsSize);
        var profile = reader.ReadByte();
        if (profile > MaxProfile)
            throw new MediaFormatException($"VP9 profile {profile}.");
        var level = reader.ReadByte();
        var sampling = reader.ReadByte();
        var colour = new ColourDescription((sampling & 1) != 0, reader.ReadByte(), reader.ReadByte(), reader.ReadByte());
        // Subsampling 0 and 1 are 4:2:0 (they differ in where chroma samples sit), 2 is 4:2:2, 3 is 4:4:4.
        var chroma = (sampling >> 1 & 7) switch { 2 => 2, 3 => 3, _ => 1 };
        return new Vp9Configuration(profile, level, sampling >> 4, chroma, colour);
    }

    /// <summary>Writes the record with version and flags.</summary>
    public byte[] ToArray() =>
    [
        Version, 0, 0, 0, (byte)Profile, (byte)Level,
        (byte)(BitDepth << 4 | (ChromaFormatIdc == 1 ? 1 : ChromaFormatIdc) << 1 | (Colour.IsFullRange ? 1 : 0)),
        Colour.Primaries, Colour.Transfer, Colour.Matrix, 0, 0,
    ];
}
