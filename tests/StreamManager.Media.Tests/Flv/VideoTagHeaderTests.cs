using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class VideoTagHeaderTests
{
    public static TheoryData<string, VideoTagHeader, string> Vectors => new()
    {
        { "AVC configuration", new LegacyVideoHeader(VideoFrameType.Key, LegacyVideoCodec.Avc, LegacyVideoPacketType.SequenceHeader, 0), "17 00 000000" },
        { "AVC key frame", new LegacyVideoHeader(VideoFrameType.Key, LegacyVideoCodec.Avc, LegacyVideoPacketType.Nalus, 66), "17 01 000042" },
        { "AVC inter frame, negative time", new LegacyVideoHeader(VideoFrameType.Inter, LegacyVideoCodec.Avc, LegacyVideoPacketType.Nalus, -2), "27 01 FFFFFE" },
        { "AVC end of sequence", new LegacyVideoHeader(VideoFrameType.Key, LegacyVideoCodec.Avc, LegacyVideoPacketType.EndOfSequence, 0), "17 02 000000" },
        { "HEVC as codec 12", new LegacyVideoHeader(VideoFrameType.Key, LegacyVideoCodec.Hevc, LegacyVideoPacketType.SequenceHeader, 0), "1C 00 000000" },
        { "HEVC configuration", new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.SequenceStart, FourCc.Hevc), "90 68766331" },
        { "HEVC key frame", new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFrames, FourCc.Hevc, 33), "91 68766331 000021" },
        { "HEVC inter frame", new EnhancedVideoHeader(VideoFrameType.Inter, VideoPacketType.CodedFrames, FourCc.Hevc, 33), "A1 68766331 000021" },
        { "HEVC key frame without time", new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFramesX, FourCc.Hevc), "93 68766331" },
        { "HEVC end", new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.SequenceEnd, FourCc.Hevc), "92 68766331" },
        { "AV1 configuration", new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.SequenceStart, FourCc.Av1), "90 61763031" },
        { "AV1 frame", new EnhancedVideoHeader(VideoFrameType.Inter, VideoPacketType.CodedFrames, FourCc.Av1), "A1 61763031" },
        { "HDR metadata as OBS sends it", new EnhancedVideoHeader(VideoFrameType.None, VideoPacketType.Metadata, FourCc.Hevc), "84 68766331" },
        {
            "nanosecond offset",
            new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFrames, FourCc.Hevc, 33, 62_500),
            "97 02 00F424 01 68766331 000021"
        },
        {
            "one track",
            new MultitrackVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFrames, MultitrackType.OneTrack, FourCc.Hevc),
            "96 01 68766331"
        },
        {
            "metadata of an extra track as OBS sends it",
            new MultitrackVideoHeader(VideoFrameType.None, VideoPacketType.Metadata, MultitrackType.OneTrack, FourCc.Hevc),
            "86 04 68766331"
        },
        {
            "many tracks",
            new MultitrackVideoHeader(VideoFrameType.Inter, VideoPacketType.CodedFramesX, MultitrackType.ManyTracks, FourCc.Avc),
            "A6 13 61766331"
        },
        {
            "many codecs, nanosecond offset",
            new MultitrackVideoHeader(VideoFrameType.Key, VideoPacketType.SequenceStart, MultitrackType.ManyTracksManyCodecs, FourCc.None, 999_999),
            "97 02 0F423F 06 20"
        },
        { "legacy seek", new VideoCommandHeader(VideoCommand.EndSeek, IsEnhanced: false), "57 01" },
        { "enhanced seek", new VideoCommandHeader(VideoCommand.StartSeek, IsEnhanced: true), "D1 00" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_Read_GivesKindAndWhereThePayloadBegins(string name, VideoTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        byte[] body = [.. Hex.Bytes(hex), 0xAA, 0xBB];
        Assert.Equal(header, VideoTagHeader.Read(body, out var length));
        Assert.Equal(body.Length - 2, length);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_Written_GivesTheBytes(string name, VideoTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        Assert.Equal(Hex.Text([.. Hex.Bytes(hex), 0xAA, 0xBB]), Hex.Text(header.ToBody([0xAA, 0xBB])));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_CutAnywhere_IsBroken(string name, VideoTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        Assert.Equal(header.Length, Hex.Bytes(hex).Length);
        Prefixes.AllBroken(Hex.Bytes(hex), body => VideoTagHeader.Read(body, out _));
    }

    [Theory]
    [InlineData("22", TagIgnoreReason.UnknownCodec)] // Sorenson H.263
    [InlineData("17 03 000000", TagIgnoreReason.UnknownPacketType)]
    [InlineData("98 68766331", TagIgnoreReason.UnknownPacketType)]
    [InlineData("96 31 68766331 01", TagIgnoreReason.UnknownMultitrackType)]
    [InlineData("96 08 68766331 01", TagIgnoreReason.UnknownPacketType)]
    public void Header_OfSomethingUnknown_IsAValueToDropOn(string hex, TagIgnoreReason reason) =>
        Assert.Equal(new UnsupportedVideoHeader(reason), VideoTagHeader.Read(Hex.Bytes(hex), out _));

    [Theory]
    [InlineData("97 04 0102030405 11 68766331 000021")] // a modifier of unknown type
    [InlineData("97 02 000000 07 02 000000 01 68766331 000021")] // two in a row
    public void ModEx_OfUnknownTypeOrTwice_IsSteppedOver(string hex) => Assert.Equal(
        new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFrames, FourCc.Hevc, 33), VideoTagHeader.Read(Hex.Bytes(hex), out _));

    [Fact]
    public void ModEx_WithASizeOf16Bits_IsSteppedOver()
    {
        byte[] body = [0x97, 0xFF, 0x01, 0x2B, .. new byte[300], 0x11, .. "hvc1"u8, 0, 0, 33];
        Assert.Equal(
            new EnhancedVideoHeader(VideoFrameType.Key, VideoPacketType.CodedFrames, FourCc.Hevc, 33), VideoTagHeader.Read(body, out var length));
        Assert.Equal(body.Length, length);
    }

    [Theory]
    [InlineData("96 06 68766331 01")] // multitrack within multitrack
    [InlineData("97 02 0F4240 01 68766331 000021")] // a million nanoseconds
    [InlineData("97 01 0F42 01 68766331 000021")] // two bytes of nanoseconds
    public void Header_AgainstTheRules_IsBroken(string hex) =>
        Assert.Throws<MediaFormatException>(() => VideoTagHeader.Read(Hex.Bytes(hex), out _));
}
