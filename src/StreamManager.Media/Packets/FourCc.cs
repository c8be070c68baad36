namespace StreamManager.Media.Packets;

/// <summary>A codec's four-character code as enhanced RTMP writes it (big-endian ASCII). Legacy FLV codec ids are mapped onto these.</summary>
public readonly record struct FourCc(uint Value)
{
    /// <summary>No codec.</summary>
    public static FourCc None => default;

    /// <summary>H.264 / AVC (legacy FLV video codec 7).</summary>
    public static FourCc Avc { get; } = FromText("avc1");

    /// <summary>H.265 / HEVC (legacy codec 12 of some networks).</summary>
    public static FourCc Hevc { get; } = FromText("hvc1");

    /// <summary>H.266 / VVC.</summary>
    public static FourCc Vvc { get; } = FromText("vvc1");

    /// <summary>AV1.</summary>
    public static FourCc Av1 { get; } = FromText("av01");

    /// <summary>VP8.</summary>
    public static FourCc Vp8 { get; } = FromText("vp08");

    /// <summary>VP9.</summary>
    public static FourCc Vp9 { get; } = FromText("vp09");

    /// <summary>AAC (legacy FLV audio format 10).</summary>
    public static FourCc Aac { get; } = FromText("mp4a");

    /// <summary>MP3 (legacy FLV audio formats 2 and 14).</summary>
    public static FourCc Mp3 { get; } = FromText(".mp3");

    /// <summary>Opus.</summary>
    public static FourCc Opus { get; } = FromText("Opus");

    /// <summary>FLAC.</summary>
    public static FourCc Flac { get; } = FromText("fLaC");

    /// <summary>AC-3.</summary>
    public static FourCc Ac3 { get; } = FromText("ac-3");

    /// <summary>E-AC-3.</summary>
    public static FourCc Eac3 { get; } = FromText("ec-3");

    /// <summary>From four ASCII characters.</summary>
    /// <exception cref="ArgumentException">Not four characters.</exception>
    public static FourCc FromText(string text) => text.Length == 4
        ? new((uint)text[0] << 24 | (uint)text[1] << 16 | (uint)text[2] << 8 | text[3])
        : throw new ArgumentException("A four-character code has four characters.", nameof(text));

    /// <summary>The four characters; what is not printable ASCII is shown as a question mark, so that a peer cannot write into a log.</summary>
    public override string ToString() => string.Create(4, Value, static (span, value) =>
    {
        for (var i = 0; i < 4; i++)
        {
            var c = (char)(byte)(value >> (24 - 8 * i));
            span[i] = c is >= ' ' and <= '~' ? c : '?';
        }
    });
}
