namespace StreamManager.Media.Mp4;

/// <summary>
/// What stands in front of the fragments of an MP4 file (ISO/IEC 14496-12 section 8): what it is, and which tracks it has. There are no samples in it, and nothing in it depends on what follows, so
/// a file may break off anywhere.
/// <code>
/// ftyp: iso6, 0 | iso6 cmfc mp41
/// moov: mvhd | trak { tkhd | mdia { mdhd | hdlr | minf { vmhd or smhd | dinf { dref } | stbl { stsd { sample entry } | stts stsc stsz stco, all empty } } } } … | mvex { trex … }
/// </code>
/// </summary>
public static class Mp4Init
{
    private const uint MovieTimescale = 1000;

    // tkhd: the track is enabled, and part of the presentation.
    private const uint EnabledInMovie = 3;

    // "und" (ISO 639-2) as three letters of 5 bits, each less 0x60.
    private const int Undetermined = ('u' - 0x60) << 10 | ('n' - 0x60) << 5 | ('d' - 0x60);

    private const uint One = 0x10000;
    private const uint OneOfMatrixEnd = 0x4000_0000;

    /// <summary>The bytes.</summary>
    /// <param name="tracks">One or more, with different ids.</param>
    public static byte[] Write(params ReadOnlySpan<Mp4Track> tracks)
    {
        var writer = new BoxWriter(1024);
        var type = writer.Begin("ftyp"u8);
        writer.Bytes("iso6"u8);
        writer.UInt32(0);
        writer.Bytes("iso6cmfcmp41"u8);
        writer.End(type);

        var next = 1u;
        foreach (var track in tracks)
            next = Math.Max(next, track.Id + 1);
        var movie = writer.Begin("moov"u8);
        WriteMovieHeader(writer, next);
        foreach (var track in tracks)
            WriteTrack(writer, track);
        var extends = writer.Begin("mvex"u8);
        foreach (var track in tracks)
            WriteDefaults(writer, track);
        writer.End(extends);
        writer.End(movie);
        return writer.ToArray();
    }

    private static void WriteMovieHeader(BoxWriter writer, uint nextTrackId)
    {
        var box = writer.Begin("mvhd"u8, version: 0, flags: 0);
        writer.Zeros(8); // made and changed: not said, so that the same tracks give the same bytes
        writer.UInt32(MovieTimescale);
        writer.UInt32(0); // the length is that of the fragments
        writer.UInt32(One); // rate
        writer.UInt16(0x100); // volume
        writer.Zeros(10);
        WriteMatrix(writer);
        writer.Zeros(24);
        writer.UInt32(nextTrackId);
        writer.End(box);
    }

    private static void WriteTrack(BoxWriter writer, Mp4Track track)
    {
        var video = track as Mp4VideoTrack;
        var box = writer.Begin("trak"u8);
        WriteTrackHeader(writer, track.Id, video);
        var media = writer.Begin("mdia"u8);
        var header = writer.Begin("mdhd"u8, version: 0, flags: 0);
        writer.Zeros(8);
        writer.UInt32(track.Timescale);
        writer.UInt32(0);
        writer.UInt16(Undetermined);
        writer.UInt16(0);
        writer.End(header);
        var handler = writer.Begin("hdlr"u8, version: 0, flags: 0);
        writer.UInt32(0);
        writer.Bytes(video is null ? "soun"u8 : "vide"u8);
        writer.Zeros(12);
        writer.Bytes(video is null ? "Sound\0"u8 : "Video\0"u8);
        writer.End(handler);
        WriteMediaInformation(writer, track, video is not null);
        writer.End(media);
        writer.End(box);
    }

    private static void WriteTrackHeader(BoxWriter writer, uint id, Mp4VideoTrack? video)
    {
        var box = writer.Begin("tkhd"u8, version: 0, EnabledInMovie);
        writer.Zeros(8);
        writer.UInt32(id);
        writer.Zeros(4 + 4 + 8); // reserved, duration, reserved
        writer.UInt32(0); // layer and alternate group
        writer.UInt16(video is null ? 0x100 : 0); // volume
        writer.UInt16(0);
        WriteMatrix(writer);
        var (shapeWidth, shapeHeight) = video?.Format.SampleAspectRatio ?? (1, 1);
        writer.UInt32(video is null ? 0 : (uint)((long)video.Format.Width * shapeWidth * One / shapeHeight));
        writer.UInt32(video is null ? 0 : (uint)video.Format.Height * One);
        writer.End(box);
    }

    private static void WriteMediaInformation(BoxWriter writer, Mp4Track track, bool isVideo)
    {
        var box = writer.Begin("minf"u8);
        // vmhd: copy, no colour; its flags are 1 by definition. smhd: balance in the middle.
        var header = isVideo ? writer.Begin("vmhd"u8, version: 0, flags: 1) : writer.Begin("smhd"u8, version: 0, flags: 0);
        writer.Zeros(isVideo ? 8 : 4);
        writer.End(header);
        var information = writer.Begin("dinf"u8);
        var references = writer.Begin("dref"u8, version: 0, flags: 0);
        writer.UInt32(1);
        writer.End(writer.Begin("url "u8, version: 0, flags: 1)); // in this file
        writer.End(references);
        writer.End(information);
        var table = writer.Begin("stbl"u8);
        var descriptions = writer.Begin("stsd"u8, version: 0, flags: 0);
        writer.UInt32(1);
        SampleEntry.Write(writer, track);
        writer.End(descriptions);
        WriteEmpty(writer, "stts"u8, 4);
        WriteEmpty(writer, "stsc"u8, 4);
        WriteEmpty(writer, "stsz"u8, 8);
        WriteEmpty(writer, "stco"u8, 4);
        writer.End(table);
        writer.End(box);
    }

    private static void WriteEmpty(BoxWriter writer, ReadOnlySpan<byte> type, int size)
    {
        var box = writer.Begin(type, version: 0, flags: 0);
        writer.Zeros(size);
        writer.End(box);
    }

    // Fragments say all of it themselves; only that there is one sample entry is said here.
    private static void WriteDefaults(BoxWriter writer, Mp4Track track)
    {
        var box = writer.Begin("trex"u8, version: 0, flags: 0);
        writer.UInt32(track.Id);
        writer.UInt32(1);
        writer.Zeros(12);
        writer.End(box);
    }

    private static void WriteMatrix(BoxWriter writer)
    {
        writer.UInt32(One);
        writer.Zeros(12);
        writer.UInt32(One);
        writer.Zeros(12);
        writer.UInt32(OneOfMatrixEnd);
    }
}
