using System.Buffers;
using StreamManager.Engine.Codecs;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Programs;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Tests.Codecs;

/// <summary>An encoder's stream, made by ffmpeg as a file and parsed as a live one would be.</summary>
internal sealed class SourceFile
{
    public List<MediaPacket> Packets { get; } = [];

    public MediaPacket? VideoConfiguration => Packets.Find(packet => packet is { Kind: MediaKind.Video, Content: PacketContent.Configuration });

    public MediaPacket? AudioConfiguration => Packets.Find(packet => packet is { Kind: MediaKind.Audio, Content: PacketContent.Configuration });

    public AvcDecoderConfiguration Avc => AvcDecoderConfiguration.Read(VideoConfiguration!.Payload.Span);

    public List<MediaPacket> Frames => Packets.FindAll(packet => packet.Content is PacketContent.Frame);

    public List<MediaPacket> Pictures => Frames.FindAll(packet => packet.Kind is MediaKind.Video);

    public ProgramFormat Format => ProgramFormat.FromSource(
        Avc,
        AudioConfiguration is { } audio ? AudioSpecificConfig.Read(audio.Payload.Span) : null,
        compositionOffsetMilliseconds: (int)Pictures[0].CompositionOffset.Milliseconds);

    public static async Task<SourceFile> MakeAsync(
        string path, string size, int fps, int seconds, string profile = "high", int bframes = 0, int sampleRate = 48000, int channels = 2, params string[] more)
    {
        await ClipBench.FfmpegAsync(
        [
            "-f", "lavfi", "-i", $"testsrc2=s={size}:r={fps}", "-f", "lavfi", "-i", $"sine=r={sampleRate}", "-t", $"{seconds}", "-ac", $"{channels}",
            "-c:v", "libx264", "-preset", "veryfast", "-profile:v", profile, "-pix_fmt", "yuv420p", "-bf", $"{bframes}", "-g", $"{2 * fps}", "-sc_threshold", "0",
            "-threads", "1", "-c:a", "aac", .. more, "-f", "flv", path,
        ]);
        return Read(path);
    }

    public static SourceFile Read(string path)
    {
        using var stream = File.OpenRead(path);
        var reader = new FlvStreamReader(stream);
        var source = new SourceFile();
        while (reader.TryRead(out var tag))
        {
            if (tag.Kind is { } kind) TagParser.Parse(kind, MediaTime.FromMilliseconds(tag.Timestamp), tag.Body, 0, source.Packets);
        }

        return source;
    }
}

/// <summary>Writes pictures of several origins behind each other, on one timeline, under one decoder configuration: what a destination gets.</summary>
internal sealed class CombinedFlv
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ProgramFormat _format;

    public CombinedFlv(ProgramFormat format, AvcDecoderConfiguration configuration)
    {
        _format = format;
        FlvWriter.WriteHeader(_output, new(false, true));
        FlvWriter.WriteTag(_output, FlvTagType.Video, 0, AvcTag.Configuration(configuration.ToArray()));
    }

    public int Count { get; private set; }

    public void Add(IEnumerable<MediaPacket> pictures)
    {
        foreach (var picture in pictures) Add(picture.Body.Span);
    }

    public void Add(Clip clip)
    {
        using var reader = clip.OpenReader();
        for (var i = 0; i < clip.VideoFrameCount; i++)
        {
            Assert.True(reader.TryGetVideo(i, out var body));
            Add(body.Span);
        }
    }

    public void Save(string path) => File.WriteAllBytes(path, _output.WrittenSpan);

    private void Add(ReadOnlySpan<byte> body) => FlvWriter.WriteTag(_output, FlvTagType.Video, (uint)_format.FrameRate.TimeOf(Count++).Milliseconds, body);
}
