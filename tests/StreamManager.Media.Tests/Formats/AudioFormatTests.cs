using StreamManager.Media.Aac;
using StreamManager.Media.Formats;
using StreamManager.Media.Opus;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Formats;

public class AudioFormatTests
{
    [Fact]
    public void Format_OfAac_SaysClockAndFrameLength() => Assert.Equal(
        new AudioFormat { Codec = FourCc.Aac, SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024, ObjectType = AudioObjectType.AacLc },
        AudioFormat.FromConfiguration(FourCc.Aac, [0x11, 0x90]));

    [Fact]
    public void Format_OfOpus_Is48KilohertzWhateverWentIn()
    {
        byte[] head = [.. "OpusHead"u8, 1, 2, 0x38, 0x01, 0x44, 0xAC, 0, 0, 0xFF, 0xFF, 0];
        Assert.Equal(new AudioFormat { Codec = FourCc.Opus, SampleRate = 48000, Channels = 2 }, AudioFormat.FromConfiguration(FourCc.Opus, head));
        var read = OpusHead.Read(head);
        Assert.Equal(new OpusHead(2, 312, 44100, -1, 0), read);
        Assert.Equal(head, read.ToArray());
        Prefixes.AllBroken(head, bytes => OpusHead.Read(bytes));
    }

    [Fact]
    public void Format_OfFlac_IsThatOfItsStreamInfo()
    {
        var box = Encoded.Box("dfLa", "-c:v", "libx264", "-c:a", "flac", "-strict", "-2");
        byte[] header = [.. "fLaC"u8, .. box[4..]]; // version and flags of the box, then the metadata blocks
        Assert.Equal(new AudioFormat { Codec = FourCc.Flac, SampleRate = 48000, Channels = 1 }, AudioFormat.FromConfiguration(FourCc.Flac, header));
    }

    [Theory]
    [InlineData("08", 960)] // SILK, narrow band, 20 ms, one frame
    [InlineData("18", 2880)] // SILK, 60 ms
    [InlineData("68", 960)] // hybrid, 20 ms
    [InlineData("FC", 960)] // CELT, 20 ms, stereo
    [InlineData("E1", 240)] // CELT, 2.5 ms, two frames
    [InlineData("FB 06", 5760)] // CELT, 20 ms, six frames
    public void Packet_OfOpus_SaysItsLength(string hex, int samples)
    {
        Assert.Equal(samples, OpusPacket.CountSamples(Hex.Bytes(hex)));
        Prefixes.AllBroken(Hex.Bytes(hex), packet => OpusPacket.CountSamples(packet));
    }

    [Theory]
    [InlineData("FB 07")]
    [InlineData("FB 00")]
    public void Packet_OfOpusWithNoneOrTooManyFrames_IsBroken(string hex) =>
        Assert.Throws<MediaFormatException>(() => OpusPacket.CountSamples(Hex.Bytes(hex)));
}
