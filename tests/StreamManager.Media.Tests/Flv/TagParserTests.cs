using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Tests.Flv;

public class TagParserTests
{
    private static readonly MediaTime Now = MediaTime.FromMilliseconds(1234);

    private static (List<MediaPacket> Packets, TagParseResult Result) Parse(MediaKind kind, byte[] body)
    {
        var packets = new List<MediaPacket>();
        var result = TagParser.Parse(kind, Now, body, 77, packets);
        Assert.Equal(result.Packets, packets.Count);
        Assert.All(packets, packet => Assert.Equal((kind, Now, 77L), (packet.Kind, packet.DecodeTime, packet.ArrivedAt)));
        return (packets, result);
    }

    private static string Describe(MediaPacket packet) =>
        $"{packet.Content} {packet.Codec} #{packet.Track}{(packet.IsKeyframe ? " key" : "")} +{packet.CompositionOffset.Nanoseconds} {Hex.Text(packet.Payload.Span)}";

    public static TheoryData<string, MediaKind, string, string, string?> Singles => new()
    {
        { "AVC configuration", MediaKind.Video, "17 00 000000 0142", "Configuration avc1 #0 +0 0142", null },
        { "AVC key frame", MediaKind.Video, "17 01 000042 AA", "Frame avc1 #0 key +66000000 AA", null },
        { "AVC inter frame, time before decoding", MediaKind.Video, "27 01 FFFFFE AA", "Frame avc1 #0 +-2000000 AA", null },
        { "AVC key frame of a server", MediaKind.Video, "47 01 000000 AA", "Frame avc1 #0 key +0 AA", null },
        { "AVC end", MediaKind.Video, "17 02 000000", "EndOfSequence avc1 #0 +0 ", null },
        { "HEVC as codec 12", MediaKind.Video, "1C 01 000021 AA", "Frame hvc1 #0 key +33000000 AA", null },
        { "enhanced AVC configuration", MediaKind.Video, "90 61766331 0142", "Configuration avc1 #0 +0 0142", "17 00 000000 0142" },
        { "enhanced AVC key frame", MediaKind.Video, "91 61766331 000042 AA", "Frame avc1 #0 key +66000000 AA", "17 01 000042 AA" },
        { "enhanced AVC without time", MediaKind.Video, "A3 61766331 AA", "Frame avc1 #0 +0 AA", "27 01 000000 AA" },
        { "enhanced AVC end", MediaKind.Video, "92 61766331", "EndOfSequence avc1 #0 +0 ", "17 02 000000" },
        { "enhanced AVC, half a millisecond more", MediaKind.Video, "97 02 07A120 01 61766331 000042 AA", "Frame avc1 #0 key +66500000 AA", "17 01 000043 AA" },
        { "enhanced AVC, less than half", MediaKind.Video, "97 02 07A11F 01 61766331 000042 AA", "Frame avc1 #0 key +66499999 AA", "17 01 000042 AA" },
        { "the largest time, rounded up", MediaKind.Video, "97 02 07A120 01 61766331 7FFFFF AA", "Frame avc1 #0 key +8388607500000 AA", "17 01 7FFFFF AA" },
        { "enhanced AVC metadata", MediaKind.Video, "84 61766331 0200", "Metadata avc1 #0 +0 0200", null },
        { "HEVC frame", MediaKind.Video, "A1 68766331 000021 AA", "Frame hvc1 #0 +33000000 AA", null },
        { "HEVC with nanoseconds", MediaKind.Video, "97 02 00F424 01 68766331 000021 AA", "Frame hvc1 #0 key +33062500 AA", null },
        { "AV1 frame", MediaKind.Video, "91 61763031 AA", "Frame av01 #0 key +0 AA", null },
        { "one track, number 1", MediaKind.Video, "96 01 68766331 01 000021 AA", "Frame hvc1 #1 key +33000000 AA", null },
        { "one track, number 1, AVC", MediaKind.Video, "96 01 61766331 01 000021 AA", "Frame avc1 #1 key +33000000 AA", null },
        { "one track, number 0, AVC", MediaKind.Video, "96 01 61766331 00 000021 AA", "Frame avc1 #0 key +33000000 AA", "17 01 000021 AA" },
        { "one track, number 0, HEVC", MediaKind.Video, "A6 01 68766331 00 000021 AA", "Frame hvc1 #0 +33000000 AA", "A1 68766331 000021 AA" },
        { "metadata of track 1 as OBS sends it", MediaKind.Video, "86 04 68766331 01 0200", "Metadata hvc1 #1 +0 0200", null },
        { "AAC configuration", MediaKind.Audio, "AF 00 1210", "Configuration mp4a #0 +0 1210", null },
        { "AAC frame", MediaKind.Audio, "AF 01 AA", "Frame mp4a #0 +0 AA", null },
        { "MP3 frame", MediaKind.Audio, "2F AA", "Frame .mp3 #0 +0 AA", null },
        { "enhanced AAC configuration", MediaKind.Audio, "90 6D703461 1210", "Configuration mp4a #0 +0 1210", "AF 00 1210" },
        { "enhanced AAC frame", MediaKind.Audio, "91 6D703461 AA", "Frame mp4a #0 +0 AA", "AF 01 AA" },
        { "Opus configuration", MediaKind.Audio, "90 4F707573 4F70", "Configuration Opus #0 +0 4F70", null },
        { "Opus frame with nanoseconds", MediaKind.Audio, "97 02 000001 01 4F707573 AA", "Frame Opus #0 +1 AA", null },
        { "speakers", MediaKind.Audio, "94 6D703461 0002", "Metadata mp4a #0 +0 0002", null },
        { "VOD track configuration", MediaKind.Audio, "95 00 6D703461 01 1190", "Configuration mp4a #1 +0 1190", null },
        { "VOD track frame", MediaKind.Audio, "95 01 6D703461 01 AA", "Frame mp4a #1 +0 AA", null },
        { "script data", MediaKind.Data, "02 000A", "Metadata ???? #0 +0 02000A", null },
    };

    [Theory]
    [MemberData(nameof(Singles))]
    public void Message_OfOneTrack_BecomesOnePacket(string name, MediaKind kind, string hex, string described, string? mapped)
    {
        Assert.NotEmpty(name);
        var (packets, result) = Parse(kind, Hex.Bytes(hex));
        Assert.Equal(TagIgnoreReason.None, result.Ignored);
        Assert.Equal(described.Replace("????", FourCc.None.ToString(), StringComparison.Ordinal), Describe(Assert.Single(packets)));
        Assert.Equal(Hex.Text(Hex.Bytes(mapped ?? hex)), Hex.Text(packets[0].Body.Span));
    }

    [Theory]
    [MemberData(nameof(Singles))]
    public void Message_CutAnywhere_IsIgnoredShorterOrBroken(string name, MediaKind kind, string hex, string described, string? mapped)
    {
        Assert.NotEqual((null, null), (name + described, mapped + "x"));
        Prefixes.NoneCrash(Hex.Bytes(hex), body => Parse(kind, body));
    }

    [Fact]
    public void Body_InAFormThatStays_IsNotCopied()
    {
        var body = Hex.Bytes("A1 68766331 000021 AA");
        var packet = Assert.Single(Parse(MediaKind.Video, body).Packets);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(packet.Body, out var segment));
        Assert.Same(body, segment.Array);
    }

    [Fact]
    public void Multitrack_OfManyTracks_BecomesAPacketForEach()
    {
        var (packets, result) = Parse(MediaKind.Video, Hex.Bytes("96 11 61766331 00 000005 000021 AABB 01 000004 000022 CC 07 000004 FFFFFF DD"));
        Assert.Equal(new TagParseResult(3, TagIgnoreReason.None), result);
        Assert.Equal(
            ["Frame avc1 #0 key +33000000 AABB", "Frame avc1 #1 key +34000000 CC", "Frame avc1 #7 key +-1000000 DD"], packets.Select(Describe));
        Assert.Equal(
            ["1701000021AABB", "96016176633101000022CC", "96016176633107FFFFFFDD"], packets.Select(packet => Hex.Text(packet.Body.Span)));
    }

    [Fact]
    public void Multitrack_OfManyCodecs_DropsTheTrackThatIsUnknown()
    {
        var (packets, result) = Parse(
            MediaKind.Audio, Hex.Bytes("97 02 000003 05 21 78787878 02 000001 EE 6D703461 00 000002 AABB 4F707573 01 000001 CC"));
        Assert.Equal(new TagParseResult(2, TagIgnoreReason.UnknownCodec), result);
        Assert.Equal(["Frame mp4a #0 +3 AABB", "Frame Opus #1 +3 CC"], packets.Select(Describe));
        Assert.Equal(["AF01AABB", "97020000030501" + "4F70757301CC"], packets.Select(packet => Hex.Text(packet.Body.Span)));
    }

    [Fact]
    public void Multitrack_PartOfIt_ParsedAgain_IsTheSamePacket()
    {
        var (packets, _) = Parse(MediaKind.Video, Hex.Bytes("96 21 68766331 01 000005 000021 AABB 61763031 03 000001 CC"));
        foreach (var packet in packets)
        {
            var again = Assert.Single(Parse(MediaKind.Video, packet.Body.ToArray()).Packets);
            Assert.Equal(Describe(packet), Describe(again));
            Assert.Equal(packet.HeaderLength, again.HeaderLength);
        }
    }

    [Theory]
    [InlineData(MediaKind.Audio, "", TagIgnoreReason.Empty)] // the legal mark of silence
    [InlineData(MediaKind.Audio, "AF 01", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Audio, "2F", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Audio, "91 4F707573", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Audio, "B2 AA", TagIgnoreReason.UnknownCodec)] // Speex
    [InlineData(MediaKind.Audio, "91 78787878 AA", TagIgnoreReason.UnknownCodec)]
    [InlineData(MediaKind.Audio, "96 6D703461 AA", TagIgnoreReason.UnknownPacketType)]
    [InlineData(MediaKind.Audio, "92 6D703461", TagIgnoreReason.NoLegacyForm)]
    [InlineData(MediaKind.Audio, "95 31 6D703461 01 AA", TagIgnoreReason.UnknownMultitrackType)]
    [InlineData(MediaKind.Video, "", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Video, "17 01 000000", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Video, "93 68766331", TagIgnoreReason.Empty)]
    [InlineData(MediaKind.Video, "57 00", TagIgnoreReason.Command)]
    [InlineData(MediaKind.Video, "D1 01", TagIgnoreReason.Command)]
    [InlineData(MediaKind.Video, "22 AA", TagIgnoreReason.UnknownCodec)] // Sorenson
    [InlineData(MediaKind.Video, "91 78787878 AA", TagIgnoreReason.UnknownCodec)]
    [InlineData(MediaKind.Video, "95 61763031 AA", TagIgnoreReason.UnknownPacketType)]
    [InlineData(MediaKind.Video, "99 61763031 AA", TagIgnoreReason.UnknownPacketType)]
    public void Message_ThatMeansNothingToUs_IsIgnoredWithReason(MediaKind kind, string hex, TagIgnoreReason reason)
    {
        var (packets, result) = Parse(kind, Hex.Bytes(hex));
        Assert.Empty(packets);
        Assert.Equal(new TagParseResult(0, reason), result);
    }

    [Theory]
    [InlineData("96 11 61766331 00 000005 000021 AABB 01 000009 000022 CC")] // the second track is cut off
    [InlineData("96 11 61766331 01 000004 000021 AA 01 000004 000022 CC")] // one track twice
    [InlineData("96 11 61766331 00 000005 000021 AABB 01 000002 0000")] // no room for a composition time
    public void Multitrack_BrokenAfterAGoodTrack_GivesNothing(string hex)
    {
        var packets = new List<MediaPacket>();
        Assert.Throws<MediaFormatException>(() => TagParser.Parse(MediaKind.Video, Now, Hex.Bytes(hex), 0, packets));
        Assert.Empty(packets);
    }

    [Fact]
    public void Message_OfAnyBytes_NeverCrashes()
    {
        var random = new Random(20260101);
        for (var i = 0; i < 200_000; i++)
        {
            var body = new byte[random.Next(24)];
            random.NextBytes(body);
            // Half of them get a header that leads deeper than chance does.
            if (body.Length > 6 && i % 2 == 0)
                Hex.Bytes(i % 4 == 0 ? "96 11 61766331" : "95 21 6D703461").CopyTo(body, 0);
            Prefixes.OnlyFormatException(body, bytes => Parse(i % 3 == 0 ? MediaKind.Audio : MediaKind.Video, bytes));
        }
    }
}
