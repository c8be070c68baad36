using System.Security.Cryptography;
using StreamManager.Media;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Formats;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>Where one frame's tag body lies: in which segment, and where in it.</summary>
internal readonly record struct ClipFrame(int Segment, int Offset, int Length);

/// <summary>A stretch of the clip's file from one key frame to the next, the unit of reading ahead, and the video frames in it.</summary>
internal readonly record struct ClipSegment(long Offset, int Length, int FirstVideo, int VideoCount);

/// <summary>The table of contents of a clip's file, made by reading it once from start to end. Immutable.</summary>
internal sealed class ClipIndex
{
    /// <summary>Samples in an AAC frame.</summary>
    public const int SamplesPerAudioFrame = 1024;

    /// <summary>Bytes of a legacy AVC header: frame type and codec, packet type, composition time (FLV annex E.4.3).</summary>
    public const int VideoHeaderSize = 5;

    /// <summary>Bytes of an AAC header: format, packet type (FLV annex E.4.2).</summary>
    public const int AudioHeaderSize = 2;

    private const byte ConfigurationType = 0;

    private ClipIndex(AvcDecoderConfiguration configuration, List<ClipSegment> segments, List<ClipFrame> video, List<ClipFrame> audio, int firstAudioFrame, string digest)
    {
        Configuration = configuration;
        Segments = [.. segments];
        Video = [.. video];
        Audio = [.. audio];
        FirstAudioFrame = firstAudioFrame;
        Digest = digest;
    }

    /// <summary>The encoder's own configuration record.</summary>
    public AvcDecoderConfiguration Configuration { get; }

    /// <summary>All segments, in order.</summary>
    public ClipSegment[] Segments { get; }

    /// <summary>All video frames, in order.</summary>
    public ClipFrame[] Video { get; }

    /// <summary>All audio frames that start within the clip's duration, in order.</summary>
    public ClipFrame[] Audio { get; }

    /// <summary>Position of the first audio frame, in frames of 1024 samples.</summary>
    public int FirstAudioFrame { get; }

    /// <summary>SHA-256 of the file in lower-case hex.</summary>
    public string Digest { get; }

    /// <summary>Reads a file that <see cref="ClipFileWriter"/> wrote.</summary>
    /// <exception cref="MediaFormatException">It is not such a file, or it is damaged in a way that shows.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static ClipIndex Read(Stream file, FrameRate frameRate, int sampleRate)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var reader = new FlvStreamReader(new HashingStream(file, hash));
        AvcDecoderConfiguration? configuration = null;
        var segments = new List<ClipSegment>();
        var video = new List<ClipFrame>();
        var audio = new List<ClipFrame>();
        var firstAudioFrame = 0;
        while (reader.TryRead(out var tag))
        {
            var body = tag.Body.Span;
            var end = reader.Position;
            var start = end - FlvWriter.TagTrailerSize - body.Length;
            if (tag.Type is FlvTagType.Video && body.Length > VideoHeaderSize && body[1] == ConfigurationType)
            {
                configuration = AvcDecoderConfiguration.Read(body[VideoHeaderSize..]);
            }
            else if (tag.Type is FlvTagType.Video && body.Length > VideoHeaderSize)
            {
                if (body[0] >> 4 == 1) segments.Add(new(start - FlvWriter.TagHeaderSize, 0, video.Count, 0));
                if (segments.Count == 0) throw new MediaFormatException("A clip starts with a key frame.");
                video.Add(Place(segments, start, body.Length, end));
                segments[^1] = segments[^1] with { VideoCount = segments[^1].VideoCount + 1 };
            }
            else if (tag.Type is FlvTagType.Audio && body.Length > AudioHeaderSize && body[1] != ConfigurationType && segments.Count > 0)
            {
                if (audio.Count == 0) firstAudioFrame = (int)Math.Round(tag.Timestamp * (double)sampleRate / 1000 / SamplesPerAudioFrame);
                audio.Add(Place(segments, start, body.Length, end));
            }
        }

        if (configuration is null || video.Count == 0) throw new MediaFormatException("A clip without pictures.");
        var duration = frameRate.TimeOf(video.Count);
        var within = audio.TakeWhile((_, i) => MediaTime.FromUnits((firstAudioFrame + i) * (long)SamplesPerAudioFrame, sampleRate) < duration).Count();
        audio.RemoveRange(within, audio.Count - within);
        return new(configuration, segments, video, audio, firstAudioFrame, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static ClipFrame Place(List<ClipSegment> segments, long start, int length, long end)
    {
        var segment = segments[^1];
        var size = end - segment.Offset;
        if (size > int.MaxValue) throw new MediaFormatException("Two gigabytes without a key frame.");
        segments[^1] = segment with { Length = (int)size };
        return new(segments.Count - 1, (int)(start - segment.Offset), length);
    }

    /// <summary>Hashes what is read through it.</summary>
    private sealed class HashingStream(Stream inner, IncrementalHash hash) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            hash.AppendData(buffer[..read]);
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
