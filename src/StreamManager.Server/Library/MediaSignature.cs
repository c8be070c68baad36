using System.Text;

namespace StreamManager.Server.Library;

/// <summary>Tells what a file is by its first bytes; names and media types that a client sends count for nothing. Pure.</summary>
internal static class MediaSignature
{
    /// <summary>Bytes that are enough: five packets of a transport stream.</summary>
    public const int SniffLength = 1024;

    private const int TransportPacket = 188;
    private const int TimedTransportPacket = 192;

    // Major brands of ISO base media files that are pictures. ffmpeg 5 cannot make a program of them.
    private static readonly string[] PictureBrands = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis"];

    // What text begins with, after blanks, and what it is then. The first ones name other files: ffmpeg would open them.
    private static readonly (string Start, string Name)[] Texts =
    [
        ("#EXTM3U", "a playlist (HLS)"),
        ("ffconcat", "a list of other files (ffconcat)"),
        ("file ", "a list of other files (concat)"),
        ("[playlist]", "a playlist (PLS)"),
        ("v=0", "a session description (SDP)"),
        ("<MPD", "a manifest (DASH)"),
        ("<svg", "an SVG drawing, which may hold scripts"),
        ("<smil", "a presentation (SMIL)"),
        ("<!DOCTYPE", "a page (HTML) or drawing (SVG), which may hold scripts"),
        ("<html", "a page (HTML), which may hold scripts"),
        ("<script", "a script"),
    ];

    private static readonly (byte[] Start, string Name)[] Others =
    [
        ("PK\x03\x04"u8.ToArray(), "a ZIP archive"),
        ([0x1F, 0x8B], "a compressed file (gzip)"),
        ("%PDF"u8.ToArray(), "a PDF document"),
        ("BM"u8.ToArray(), "a BMP picture"),
        ("II*\0"u8.ToArray(), "a TIFF picture"),
        ("MM\0*"u8.ToArray(), "a TIFF picture"),
        ([0x7F, (byte)'E', (byte)'L', (byte)'F'], "a program"),
        ("MZ"u8.ToArray(), "a program"),
        ("#!"u8.ToArray(), "a script"),
        ("OggS"u8.ToArray(), "an Ogg file"),
        ("ID3"u8.ToArray(), "an MP3 file"),
        ("fLaC"u8.ToArray(), "a FLAC file"),
    ];

    /// <summary>What the file is. One of the two comes back.</summary>
    /// <param name="start">Its first <see cref="SniffLength"/> bytes, or all of a shorter one.</param>
    public static (MediaFormat? Format, MediaRefusal? Refusal) Identify(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return (null, new MediaRefusal(MediaRefusalReason.Empty, "The file is empty."));
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]))
            return (MediaFormat.Png, null);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]))
            return (MediaFormat.Jpeg, null);
        if (start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8))
            return (MediaFormat.Gif, null);
        if (start.Length >= 12 && start.StartsWith("RIFF"u8))
            return start[8..].StartsWith("WEBP"u8) ? (MediaFormat.WebP, null) : NotAccepted("a RIFF file (AVI or WAV)");
        if (start.Length >= 12 && IsBox(start[4..8]))
            return IsoMedia(start);
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]))
            return Matroska(start);
        if (start.Length >= 9 && start.StartsWith("FLV\x01"u8))
            return (MediaFormat.Flv, null);
        return IsTransportStream(start) ? (MediaFormat.MpegTs, null) : NotAccepted(NameOf(start));
    }

    private static bool IsBox(ReadOnlySpan<byte> type) => type.SequenceEqual("ftyp"u8) || type.SequenceEqual("moov"u8) || type.SequenceEqual("wide"u8) || type.SequenceEqual("mdat"u8);

    // size(4) 'ftyp' brand(4); QuickTime files of before 2001 have no ftyp.
    private static (MediaFormat?, MediaRefusal?) IsoMedia(ReadOnlySpan<byte> start)
    {
        if (!start[4..8].SequenceEqual("ftyp"u8) || start[8..12].SequenceEqual("qt  "u8))
            return (MediaFormat.QuickTime, null);
        return PictureBrands.Contains(Encoding.ASCII.GetString(start[8..12]), StringComparer.Ordinal) ? NotAccepted("a HEIF or AVIF picture") : (MediaFormat.Mp4, null);
    }

    // The document type stands among the first elements of the EBML header: 42 82, a length of one byte, the text.
    private static (MediaFormat?, MediaRefusal?) Matroska(ReadOnlySpan<byte> start)
    {
        var header = start[..Math.Min(start.Length, 96)];
        var at = header.IndexOf((ReadOnlySpan<byte>)[0x42, 0x82]);
        if (at >= 0 && header[(at + 2)..] is [var length, .. var text])
        {
            if (length == 0x84 && text.StartsWith("webm"u8))
                return (MediaFormat.WebM, null);
            if (length == 0x88 && text.StartsWith("matroska"u8))
                return (MediaFormat.Matroska, null);
        }

        return NotAccepted("an EBML file that is neither Matroska nor WebM");
    }

    private static bool IsTransportStream(ReadOnlySpan<byte> start) => HasSyncBytes(start, TransportPacket) || (start.Length > 4 && HasSyncBytes(start[4..], TimedTransportPacket));

    private static bool HasSyncBytes(ReadOnlySpan<byte> start, int packet)
    {
        const int packets = 4;
        if (start.Length < packets * packet)
            return false;
        for (var i = 0; i < packets; i++)
        {
            if (start[i * packet] != 0x47)
                return false;
        }

        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> start)
    {
        foreach (var (bytes, name) in Others)
        {
            if (start.StartsWith(bytes))
                return name;
        }

        if (!IsText(start))
            return "of a kind that is not known here";
        var text = Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase))
            text = text[Math.Max(0, XmlRoot(text))..];
        foreach (var (beginning, name) in Texts)
        {
            if (text.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
                return name;
        }

        return "text";
    }

    // The first element: what is not a declaration, a comment or a document type.
    private static int XmlRoot(string text)
    {
        for (var at = text.IndexOf('<', 1); at >= 0 && at + 1 < text.Length; at = text.IndexOf('<', at + 1))
        {
            if (char.IsAsciiLetter(text[at + 1]))
                return at;
        }

        return 0;
    }

    private static bool IsText(ReadOnlySpan<byte> start) => !start.ContainsAnyInRange((byte)0, (byte)8) && !start.ContainsAnyInRange((byte)14, (byte)26);

    private static (MediaFormat?, MediaRefusal?) NotAccepted(string what) =>
        (null, new MediaRefusal(MediaRefusalReason.NotAccepted, $"The file is {what}, whatever its name says. Taken are {MediaFormat.Accepted}."));
}
