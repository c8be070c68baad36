using System.Buffers.Binary;
using StreamManager.Media.Timing;

namespace StreamManager.TestKit.Media;

/// <summary>
/// What stands in an FLV file, read by a reader of the tests' own (FLV specification 10.1, annex E), so that a fault of the product's reader cannot hide one
/// of its writer. Times are milliseconds, unwrapped to 64 bits.
/// </summary>
public sealed record FlvRecording
{
    private const int HeaderLength = 9;
    private const int TagHeaderLength = 11;
    private const int BackPointerLength = 4;

    /// <summary>Coded pictures.</summary>
    public required FlvTrack Video { get; init; }

    /// <summary>Coded audio frames.</summary>
    public required FlvTrack Audio { get; init; }

    /// <summary>True when the file ends inside a tag: its writer was killed or is still writing.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>True when a video end-of-sequence tag is in it: the publish was ended on purpose.</summary>
    public bool HasEndOfSequence { get; init; }

    /// <summary>Time from the first frame of either track to the last.</summary>
    public TimeSpan Duration
    {
        get
        {
            long[] ends = [.. Video.Ends, .. Audio.Ends];
            return ends.Length == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(ends.Max() - ends.Min());
        }
    }

    /// <summary>Reads a file, also one that is still being written.</summary>
    /// <exception cref="InvalidDataException">It is not an FLV file.</exception>
    public static FlvRecording Read(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Read(bytes.ToArray());
    }

    /// <summary>Reads the bytes of a file.</summary>
    /// <exception cref="InvalidDataException">They are not an FLV file.</exception>
    public static FlvRecording Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderLength + BackPointerLength || !file.StartsWith("FLV"u8))
            throw new InvalidDataException($"Not an FLV file ({file.Length} bytes).");
        var video = new TrackBuilder();
        var audio = new TrackBuilder();
        var endOfSequence = false;
        var rest = file[((int)BinaryPrimitives.ReadUInt32BigEndian(file[5..]) + BackPointerLength)..];
        while (rest.Length >= TagHeaderLength)
        {
            var length = rest[1] << 16 | rest[2] << 8 | rest[3];
            var timestamp = (uint)(rest[7] << 24 | rest[4] << 16 | rest[5] << 8 | rest[6]);
            if (rest.Length < TagHeaderLength + length + BackPointerLength)
                break;
            var body = rest.Slice(TagHeaderLength, length);
            switch (rest[0] & 0x1F)
            {
                case 8 when length > 0:
                    AddAudio(audio, body, timestamp);
                    break;
                case 9 when length > 0:
                    endOfSequence |= AddVideo(video, body, timestamp);
                    break;
            }
            rest = rest[(TagHeaderLength + length + BackPointerLength)..];
        }
        return new FlvRecording { Video = video.Build(), Audio = audio.Build(), IsTruncated = !rest.IsEmpty, HasEndOfSequence = endOfSequence };
    }

    // Legacy: format in the high four bits, 10 = AAC with a packet type in the second byte. Enhanced: 9 = ExAudio with the packet type in the low four bits.
    private static void AddAudio(TrackBuilder track, ReadOnlySpan<byte> body, uint timestamp)
    {
        var (isConfiguration, isFrame) = (body[0] >> 4) switch
        {
            9 => ((body[0] & 15) == 0, (body[0] & 15) == 1),
            10 => (body is [_, 0, ..], body is [_, 1, ..]),
            _ => (false, true),
        };
        track.Add(timestamp, isConfiguration, isFrame, isKeyframe: false, body);
    }

    // Legacy: frame type in the high four bits, codec in the low, for AVC a packet type in the second byte. Enhanced: top bit set, packet type in the low four.
    private static bool AddVideo(TrackBuilder track, ReadOnlySpan<byte> body, uint timestamp)
    {
        var enhanced = (body[0] & 0x80) != 0;
        var packetType = enhanced ? body[0] & 15 : body.Length > 1 ? body[1] : -1;
        var isFrame = enhanced ? packetType is 1 or 3 : packetType == 1;
        track.Add(timestamp, packetType == 0, isFrame, ((body[0] >> 4) & 7) == 1, body);
        return packetType == 2;
    }

    private sealed class TrackBuilder
    {
        private readonly List<long> _times = [];
        private readonly List<long> _keyframes = [];
        private readonly List<byte[]> _configurations = [];
        private Timestamp32Unwrapper _clock;

        public void Add(uint timestamp, bool isConfiguration, bool isFrame, bool isKeyframe, ReadOnlySpan<byte> body)
        {
            if (isConfiguration)
                _configurations.Add(body.ToArray());
            if (!isFrame)
                return;
            var time = _clock.Unwrap(timestamp);
            _times.Add(time);
            if (isKeyframe)
                _keyframes.Add(time);
        }

        public FlvTrack Build() => new() { DecodeTimes = _times, KeyframeTimes = _keyframes, Configurations = _configurations };
    }
}

/// <summary>One track of a recording. Times are decode times in milliseconds.</summary>
public sealed record FlvTrack
{
    /// <summary>Decode time of each frame, in file order.</summary>
    public required IReadOnlyList<long> DecodeTimes { get; init; }

    /// <summary>Decode times of the key frames (video only).</summary>
    public required IReadOnlyList<long> KeyframeTimes { get; init; }

    /// <summary>Bodies of the decoder configuration tags, in file order.</summary>
    public required IReadOnlyList<byte[]> Configurations { get; init; }

    /// <summary>Number of frames.</summary>
    public int Count => DecodeTimes.Count;

    /// <summary>The largest difference of neighbouring decode times; 0 with fewer than two frames.</summary>
    public long LargestStep => Steps.DefaultIfEmpty().Max();

    /// <summary>The smallest difference; negative when time runs backwards.</summary>
    public long SmallestStep => Steps.DefaultIfEmpty().Min();

    /// <summary>True when each decode time is later than the one before.</summary>
    public bool IsStrictlyIncreasing => Steps.All(step => step > 0);

    /// <summary>The steps over a limit and where they are: for the message of a failed test.</summary>
    public string DescribeStepsOver(long milliseconds) => string.Join(", ", DecodeTimes.Zip(DecodeTimes.Skip(1))
        .Where(pair => pair.Second - pair.First > milliseconds || pair.Second <= pair.First)
        .Take(20)
        .Select(pair => $"{pair.First} → {pair.Second} ({pair.Second - pair.First} ms)"));

    internal IEnumerable<long> Ends => Count == 0 ? [] : [DecodeTimes.Min(), DecodeTimes.Max()];

    private IEnumerable<long> Steps => DecodeTimes.Zip(DecodeTimes.Skip(1), (first, second) => second - first);
}
