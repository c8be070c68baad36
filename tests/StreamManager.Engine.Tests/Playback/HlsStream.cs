using System.Buffers.Binary;
using StreamManager.Engine.Playback;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Aac;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using EncoderSettings = StreamManager.Engine.Tests.Programs.EncoderSettings;

namespace StreamManager.Engine.Tests.Playback;

/// <summary>Pictures and sound with times that a test chooses, and what the segmenter makes of them.</summary>
internal sealed class HlsStream
{
    public static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    public HlsStream(double keyframeSeconds = 0, StreamHeader? header = null)
    {
        Segmenter = new HlsSegmenter(keyframeSeconds);
        Assert.Null(Begin(header ?? Header()));
    }

    public HlsSegmenter Segmenter { get; }

    public List<HlsSegment> Segments { get; } = [];

    public IEnumerable<double> Durations => Segments.Select(segment => Math.Round(segment.Duration.TotalSeconds, 3));

    public static StreamHeader Header(string avc = EncoderSettings.High320x180, bool hasAudio = true) => new(
        null,
        Configuration(MediaKind.Video, FourCc.Avc, AvcTag.Configuration(Convert.FromHexString(avc)), 5),
        hasAudio ? Configuration(MediaKind.Audio, FourCc.Aac, AacTag.Configuration(AudioSpecificConfig.CreateLowComplexity(48_000, 2).Bytes.Span), 2) : null);

    public static MediaPacket Configuration(MediaKind kind, FourCc codec, byte[] body, int header) =>
        new() { Kind = kind, Content = PacketContent.Configuration, Codec = codec, Body = body, HeaderLength = header };

    public string? Begin(StreamHeader header) => Segmenter.Begin(header, Segments);

    /// <summary>Pictures and sound from one time to another, in seconds; the time is whole milliseconds, as RTMP's.</summary>
    public HlsStream Run(double from, double to, double keyframeEvery = 2, int framesPerSecond = 25, bool hasAudio = true, double keyframesFrom = 0, int size = 6)
    {
        var (picture, sound) = ((int)Math.Ceiling(from * framesPerSecond - 1e-6), (int)Math.Ceiling(from * 48_000 / 1024 - 1e-6));
        var perGroup = (int)Math.Round(keyframeEvery * framesPerSecond);
        while (true)
        {
            var (pictureAt, soundAt) = (MediaTime.FromUnits(picture, framesPerSecond), hasAudio ? MediaTime.FromUnits(sound * 1024L, 48_000) : MediaTime.FromSeconds(1e6));
            if (MediaTime.Min(pictureAt, soundAt).Seconds >= to - 1e-6)
                return this;
            if (pictureAt <= soundAt)
                Picture(pictureAt, (picture++ - (int)Math.Round(keyframesFrom * framesPerSecond)) % perGroup == 0, size);
            else
                Sound(soundAt, sound++);
        }
    }

    public void Picture(MediaTime time, bool isKeyframe, int size = 6, MediaTime offset = default)
    {
        var at = MediaTime.FromMilliseconds(time.Milliseconds);
        var packet = Encoder.Picture(isKeyframe, at, offset);
        if (size > 6)
            packet = packet.WithBody(new byte[size], offset);
        Add(new ProgramPacket(packet, at));
    }

    public void Sound(MediaTime time, int _ = 0)
    {
        var at = MediaTime.FromMilliseconds(time.Milliseconds);
        Add(new ProgramPacket(Encoder.Sound(at), at));
    }

    public void Add(ProgramPacket packet) => Segmenter.Add(packet, packet.DecodeTime, Now, Segments);

    public HlsWindow Window()
    {
        var window = new HlsWindow { Run = "run" };
        foreach (var segment in Segments)
            window = window.With(segment, Segmenter.TargetSeconds);
        return window;
    }

    /// <summary>First decode time and durations of each track, read from the segment's table.</summary>
    public static Dictionary<uint, (long Start, uint[] Durations)> Tracks(HlsSegment segment)
    {
        var tracks = new Dictionary<uint, (long, uint[])>();
        var table = segment.Pieces[0].Span;
        for (var traf = 8 + 16; table[(traf + 4)..(traf + 8)].SequenceEqual("traf"u8); traf += BinaryPrimitives.ReadInt32BigEndian(table[traf..]))
        {
            var tfhd = traf + 8;
            var tfdt = tfhd + BinaryPrimitives.ReadInt32BigEndian(table[tfhd..]);
            var trun = tfdt + 20;
            var count = BinaryPrimitives.ReadInt32BigEndian(table[(trun + 12)..]);
            var size = (BinaryPrimitives.ReadInt32BigEndian(table[trun..]) - 20) / count;
            var durations = new uint[count];
            for (var i = 0; i < count; i++)
                durations[i] = BinaryPrimitives.ReadUInt32BigEndian(table[(trun + 20 + i * size)..]);
            tracks[BinaryPrimitives.ReadUInt32BigEndian(table[(tfhd + 12)..])] = (BinaryPrimitives.ReadInt64BigEndian(table[(tfdt + 12)..]), durations);
        }
        return tracks;
    }

    /// <summary>Both tracks of all segments follow each other without a hole.</summary>
    public void AssertContinuous()
    {
        var ends = new Dictionary<uint, long>();
        foreach (var segment in Segments)
        {
            foreach (var (track, (start, durations)) in Tracks(segment))
            {
                if (ends.TryGetValue(track, out var end))
                    Assert.True(start == end, $"track {track} goes on at {start} in segment {segment.Number}, where {end} comes next");
                ends[track] = start + durations.Sum(duration => duration);
            }
        }
    }
}
