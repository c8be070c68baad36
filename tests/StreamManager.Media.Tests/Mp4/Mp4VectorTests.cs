using System.Buffers.Binary;
using System.Text;
using StreamManager.Media.Mp4;
using StreamManager.Media.Opus;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Mp4;

/// <summary>The bytes themselves, field by field, and what players are told of a codec.</summary>
public sealed class Mp4VectorTests
{
    // x264: High profile, level 1.3, 320x180.
    private const string Avc = "0164000dffe1001a6764000dacd941419f9f0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800";

    private static readonly Mp4VideoTrack Picture = Mp4Track.Video(1, FourCc.Avc, Hex.Bytes(Avc))!;
    private static readonly Mp4AudioTrack Sound = Mp4Track.Audio(2, FourCc.Aac, Hex.Bytes("1190"))!;
    private static readonly Mp4AudioTrack Opus = Mp4Track.Audio(1, FourCc.Opus, new OpusHead(2, 312, 44_100, -1, 0).ToArray())!;

    [Fact]
    public void Fragment_OfBothTracks()
    {
        var header = Mp4Fragment.WriteHeader(
            7,
            new Mp4Run(Picture, 0x1_0000_0001, [new Mp4Sample(new byte[5], 3000, 6000, IsSync: true), new Mp4Sample(new byte[3], 3003, -1, IsSync: false)]),
            new Mp4Run(Sound, 48_000, [new Mp4Sample(new byte[2], 1024, 0, IsSync: true)]));
        AssertBytes(
            """
            000000C4 6D6F6F66
              00000010 6D666864 00000000 00000007
              00000060 74726166
                00000010 74666864 00020000 00000001
                00000014 74666474 01000000 00000001 00000001
                00000034 7472756E 01000F01 00000002 000000CC
                  00000BB8 00000005 02000000 00001770
                  00000BBB 00000003 01010000 FFFFFFFF
              0000004C 74726166
                00000014 74666864 00020020 00000002 02000000
                00000014 74666474 01000000 00000000 0000BB80
                0000001C 7472756E 01000301 00000001 000000D4
                  00000400 00000002
            00000012 6D646174
            """,
            header);
    }

    [Fact]
    public void Init_OfBothTracks_HasTheseBoxes() => Assert.Equal(
        """
        ftyp 28
        moov 1080
          mvhd 108
          trak 475
            tkhd 92
            mdia 375
              mdhd 32
              hdlr 38
              minf 297
                vmhd 20
                dinf 36
                  dref 28
                stbl 233
                  stsd 157
                  stts 16
                  stsc 16
                  stsz 20
                  stco 16
          trak 417
            tkhd 92
            mdia 317
              mdhd 32
              hdlr 38
              minf 239
                smhd 16
                dinf 36
                  dref 28
                stbl 179
                  stsd 103
                  stts 16
                  stsc 16
                  stsz 20
                  stco 16
          mvex 72
            trex 32
            trex 32

        """,
        Tree(Mp4Init.Write(Picture, Sound), ""));

    [Fact]
    public void SampleEntry_OfAvc() => AssertBytes(
        $"""
        0000008D 61766331 000000000000 0001
          00000000000000000000000000000000 0140 00B4 00480000 00480000 00000000 0001
          0000000000000000000000000000000000000000000000000000000000000000 0018 FFFF
          00000037 61766343 {Avc}
        """,
        Entry(Picture));

    [Fact]
    public void SampleEntry_OfAac() => AssertBytes(
        """
        00000057 6D703461 000000000000 0001
          0000000000000000 0002 0010 00000000 BB800000
          00000033 65736473 00000000
            03 80808022 0000 00
              04 80808014 40 15 000000 00000000 00000000
                05 80808002 1190
              06 80808001 02
        """,
        Entry(Sound));

    [Fact]
    public void SampleEntry_OfOpus() => AssertBytes(
        """
        00000037 4F707573 000000000000 0001
          0000000000000000 0002 0010 00000000 BB800000
          00000013 644F7073 00 02 0138 0000AC44 FFFF 00
        """,
        Entry(Opus));

    [Fact]
    public void OpusOfMoreChannels_KeepsItsTable()
    {
        byte[] head = [.. new OpusHead(6, 312, 48_000, 0, 1).ToArray(), 4, 2, 0, 4, 1, 2, 3, 5];
        Assert.EndsWith("01" + "0402000401020305", Hex.Text(Entry(Mp4Track.Audio(1, FourCc.Opus, head)!)), StringComparison.Ordinal);
    }

    [Fact]
    public void SameTracks_GiveTheSameBytes() => Assert.Equal(Mp4Init.Write(Picture, Sound), Mp4Init.Write(Picture, Sound));

    [Fact]
    public void RateThatDoesNotFit_IsLeftToTheConfiguration()
    {
        var track = Mp4Track.Audio(1, FourCc.Aac, Hex.Bytes("1010"))!;
        Assert.Equal((96_000u, "00000000"), (track.Timescale, Hex.Text(Entry(track).AsSpan(32, 4))));
    }

    [Fact]
    public void Fragment_ThatHasNothingInIt_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Mp4Fragment.WriteHeader(1));
        Assert.Throws<ArgumentException>(() => Mp4Fragment.WriteHeader(1, new Mp4Run(Sound, 0, [])));
    }

    [Fact]
    public void OtherCodecs_HaveNoTrack()
    {
        Assert.Null(Mp4Track.Video(1, FourCc.Vp9, new byte[20]));
        Assert.Null(Mp4Track.Audio(1, FourCc.Mp3, new byte[20]));
    }

    [Theory]
    [InlineData("00")]
    [InlineData("")]
    [InlineData("0164000dffe1")]
    public void BrokenConfiguration_IsRefused(string hex) => Assert.Throws<MediaFormatException>(() => Mp4Track.Video(1, FourCc.Avc, Hex.Bytes(hex)));

    [Theory]
    [InlineData("1190", "mp4a.40.2")]
    [InlineData("2B118800", "mp4a.40.5")] // explicit SBR, 24 to 48 kHz
    [InlineData("EB098800", "mp4a.40.29")]
    public void AacName(string configuration, string name) => Assert.Equal(name, CodecName.Of(Mp4Track.Audio(1, FourCc.Aac, Hex.Bytes(configuration))!));

    [Fact]
    public void OtherNames()
    {
        Assert.Equal("avc1.64000D", CodecName.Of(Picture));
        Assert.Equal("opus", CodecName.Of(Opus));
        // The example of the AV1 binding: Main, level 4.0, main tier, 10 bits.
        Assert.Equal("av01.0.08M.10", CodecName.Of(Track(FourCc.Av1, "81084C00")));
        // The examples of ISO/IEC 14496-15 annex E.
        Assert.Equal("hvc1.1.6.L93.B0", CodecName.Of(Track(FourCc.Hevc, "01 01 60000000 B00000000000 5D F000FCFDF8F8000003 00")));
        Assert.Equal("hvc1.A4.41.H120.B0.23", CodecName.Of(Track(FourCc.Hevc, "01 64 82000000 B02300000000 78 F000FCFDF8F8000003 00")));
    }

    private static Mp4VideoTrack Track(FourCc codec, string configuration) => Picture with { Codec = codec, Configuration = Hex.Bytes(configuration) };

    // stsd is the last box with content in front of the empty tables.
    private static byte[] Entry(Mp4Track track)
    {
        var init = Mp4Init.Write(track);
        var start = init.AsSpan().IndexOf("stsd"u8) + 12;
        return init[start..(start + BinaryPrimitives.ReadInt32BigEndian(init.AsSpan(start)))];
    }

    private static string Tree(ReadOnlySpan<byte> boxes, string indent)
    {
        var text = new StringBuilder();
        while (!boxes.IsEmpty)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(boxes);
            var type = Encoding.ASCII.GetString(boxes[4..8]);
            text.Append(indent).Append(type).Append(' ').Append(size).Append('\n');
            if (type is "moov" or "trak" or "mdia" or "minf" or "dinf" or "stbl" or "mvex")
                text.Append(Tree(boxes[8..size], indent + "  "));
            boxes = boxes[size..];
        }
        return text.ToString();
    }

    private static void AssertBytes(string expected, byte[] actual) => Assert.Equal(Hex.Text(Hex.Bytes(expected)), Hex.Text(actual));
}
