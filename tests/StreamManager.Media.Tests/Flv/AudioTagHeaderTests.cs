using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Flv;

public class AudioTagHeaderTests
{
    public static TheoryData<string, AudioTagHeader, string> Vectors => new()
    {
        { "AAC configuration", new AacAudioHeader(AacPacketType.SequenceHeader), "AF 00" },
        { "AAC frame", new AacAudioHeader(AacPacketType.Raw), "AF 01" },
        { "MP3 44.1 kHz stereo", new Mp3AudioHeader(0x2F), "2F" },
        { "MP3 8 kHz", new Mp3AudioHeader(0xE2), "E2" },
        { "Opus configuration", new EnhancedAudioHeader(AudioPacketType.SequenceStart, FourCc.Opus), "90 4F707573" },
        { "AAC frame, enhanced", new EnhancedAudioHeader(AudioPacketType.CodedFrames, FourCc.Aac), "91 6D703461" },
        { "FLAC end", new EnhancedAudioHeader(AudioPacketType.SequenceEnd, FourCc.Flac), "92 664C6143" },
        { "speakers", new EnhancedAudioHeader(AudioPacketType.MultichannelConfig, FourCc.Aac), "94 6D703461" },
        { "nanosecond offset", new EnhancedAudioHeader(AudioPacketType.CodedFrames, FourCc.Opus, 1), "97 02 000001 01 4F707573" },
        { "Twitch VOD track configuration", new MultitrackAudioHeader(AudioPacketType.SequenceStart, MultitrackType.OneTrack, FourCc.Aac), "95 00 6D703461" },
        { "Twitch VOD track frame", new MultitrackAudioHeader(AudioPacketType.CodedFrames, MultitrackType.OneTrack, FourCc.Aac), "95 01 6D703461" },
        { "many tracks", new MultitrackAudioHeader(AudioPacketType.CodedFrames, MultitrackType.ManyTracks, FourCc.Opus), "95 11 4F707573" },
        { "many codecs", new MultitrackAudioHeader(AudioPacketType.CodedFrames, MultitrackType.ManyTracksManyCodecs, FourCc.None), "95 21" },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_Read_GivesKindAndWhereThePayloadBegins(string name, AudioTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        byte[] body = [.. Hex.Bytes(hex), 0xAA, 0xBB];
        Assert.Equal(header, AudioTagHeader.Read(body, out var length));
        Assert.Equal(body.Length - 2, length);
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_Written_GivesTheBytes(string name, AudioTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        Assert.Equal(Hex.Text([.. Hex.Bytes(hex), 0xAA, 0xBB]), Hex.Text(header.ToBody([0xAA, 0xBB])));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Header_CutAnywhere_IsBroken(string name, AudioTagHeader header, string hex)
    {
        Assert.NotEmpty(name);
        Assert.Equal(header.Length, Hex.Bytes(hex).Length);
        Prefixes.AllBroken(Hex.Bytes(hex), body => AudioTagHeader.Read(body, out _));
    }

    [Theory]
    [InlineData("BF", TagIgnoreReason.UnknownCodec)] // Speex
    [InlineData("AF 02", TagIgnoreReason.UnknownPacketType)]
    [InlineData("93 4F707573", TagIgnoreReason.UnknownPacketType)]
    [InlineData("95 31 4F707573 01", TagIgnoreReason.UnknownMultitrackType)]
    [InlineData("95 07 4F707573 01", TagIgnoreReason.UnknownPacketType)]
    public void Header_OfSomethingUnknown_IsAValueToDropOn(string hex, TagIgnoreReason reason) =>
        Assert.Equal(new UnsupportedAudioHeader(reason), AudioTagHeader.Read(Hex.Bytes(hex), out _));

    [Fact]
    public void Multitrack_WithinMultitrack_IsBroken() =>
        Assert.Throws<MediaFormatException>(() => AudioTagHeader.Read(Hex.Bytes("95 05 6D703461 01"), out _));
}
