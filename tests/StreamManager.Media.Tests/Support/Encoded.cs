using StreamManager.Media.Avc;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Tests.Support;

/// <summary>Material made by real encoders.</summary>
internal static class Encoded
{
    /// <summary>A few frames of a moving test picture by libx264, as FLV packets.</summary>
    public static List<MediaPacket> X264(string size, string rate, int frames, params string[] options)
    {
        string[] arguments =
        [
            "-f", "lavfi", "-i", $"testsrc2=size={size}:rate={rate}", "-frames:v", $"{frames}", "-c:v", "libx264", "-threads", "1",
            "-pix_fmt", "yuv420p", .. options, "-f", "flv", "pipe:1",
        ];
        return FlvFile.ReadPackets(FFmpeg.Run([], arguments).AssertClean().Output).Where(packet => packet.Kind == MediaKind.Video).ToList();
    }

    public static AvcDecoderConfiguration Configuration(IEnumerable<MediaPacket> packets) =>
        AvcDecoderConfiguration.Read(packets.First(packet => packet.Content == PacketContent.Configuration).Payload.Span);

    /// <summary>The content of the box of this name in an MP4 file of a few frames by the given encoder.</summary>
    public static byte[] Box(string name, params string[] options)
    {
        string[] arguments =
        [
            "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-frames:v", "3", "-shortest",
            .. options, "-movflags", "frag_keyframe+empty_moov+delay_moov", "-f", "mp4", "pipe:1",
        ];
        var file = FFmpeg.Run([], arguments).Output;
        var at = file.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(name));
        Assert.True(at >= 4, $"no {name} box");
        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at - 4));
        return file[(at + 4)..(at - 4 + size)];
    }
}
