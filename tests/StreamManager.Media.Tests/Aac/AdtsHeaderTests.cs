using StreamManager.Media.Aac;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Aac;

public class AdtsHeaderTests
{
    [Fact]
    public void Frames_OfFFmpeg_FollowOneAnother()
    {
        var stream = FFmpeg.Run([], "-f", "lavfi", "-i", "sine=sample_rate=44100:duration=0.5", "-c:a", "aac", "-f", "adts", "pipe:1").AssertClean().Output;
        var frames = 0;
        for (var at = 0; at < stream.Length; frames++)
        {
            var header = AdtsHeader.Read(stream.AsSpan(at));
            Assert.Equal((AudioObjectType.AacLc, 44100, 1, 7), (header.Config.ObjectType, header.Config.SampleRate, header.Config.Channels, header.HeaderLength));
            at += header.FrameLength;
        }
        Assert.InRange(frames, 22, 24);
        Prefixes.AllBroken(stream[..AdtsHeader.Size], bytes => AdtsHeader.Read(bytes));
    }

    [Theory]
    [InlineData("FF E1 50 40 01 7F FC")] // no sync word
    [InlineData("FF F1 50 40 00 DF FC")] // six bytes
    [InlineData("FF F1 50 40 01 7F FD")] // two blocks
    [InlineData("FF F1 74 40 01 7F FC")] // reserved frequency
    public void Header_ThatCannotBe_IsBroken(string hex) => Assert.Throws<MediaFormatException>(() => AdtsHeader.Read(Hex.Bytes(hex)));
}
