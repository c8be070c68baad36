using Microsoft.Win32.SafeHandles;
using StreamManager.Engine.Programs;
using StreamManager.Media.Avc;
using StreamManager.Media.Formats;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// A fallback prepared to match a program's format: packets that can be put between those of a source, without the decoder noticing. Immutable and shared;
/// whoever plays it opens a <see cref="ClipReader"/> of its own.
/// </summary>
/// <remarks>
/// Every video frame's body is an FLV tag body in the legacy AVC form, with the format's composition offset in it; each key frame carries the clip's
/// parameter sets in-band. It starts with a key frame, all its GOPs are closed, and it has no B-frames: decode order is display order. Played in a loop it is
/// simply played again from frame 0.
/// </remarks>
public sealed class Clip
{
    /// <summary>Segments at the start that stay in memory, so that a clip can start at any moment: about four seconds.</summary>
    internal const int PinnedSegments = 2;

    private readonly ClipIndex _index;
    private readonly byte[]?[] _pinned;
    // Held open for as long as the clip lives: the cache may delete the file meanwhile. Closed by its finalizer, because nobody knows who plays the clip last.
    private readonly SafeFileHandle? _file;

    private Clip(ProgramFormat format, ClipIndex index, byte[]?[] pinned, SafeFileHandle? file)
    {
        Format = format;
        _index = index;
        _pinned = pinned;
        _file = file;
        Duration = format.FrameRate.TimeOf(VideoFrameCount);
    }

    /// <summary>The format that it was made for.</summary>
    public ProgramFormat Format { get; }

    /// <summary>The clip's own parameter sets, for the program to put beside those of its source in one decoder configuration.</summary>
    public AvcDecoderConfiguration Configuration => _index.Configuration;

    /// <summary>Pictures a second, exact and constant: frame n is shown at n / rate.</summary>
    public FrameRate FrameRate => Format.FrameRate;

    /// <summary>Number of pictures.</summary>
    public int VideoFrameCount => _index.Video.Length;

    /// <summary>Number of AAC frames; 0 = the clip is silent and the program adds silence itself.</summary>
    public int AudioFrameCount => _index.Audio.Length;

    /// <summary>How long one round of it takes: all pictures, each for one frame's time.</summary>
    public MediaTime Duration { get; }

    /// <summary>True when all of it is in memory, so that its readers never miss.</summary>
    public bool IsInMemory => _file is null;

    /// <summary>Bytes of its frames.</summary>
    public long Size => _index.Segments.Sum(segment => (long)segment.Length);

    /// <summary>True for a picture at which a decoder can start.</summary>
    public bool IsKeyframe(int index) => _index.Segments[_index.Video[index].Segment].FirstVideo == index;

    /// <summary>Time of a picture from the start of the round.</summary>
    public MediaTime VideoTime(int index) => FrameRate.TimeOf(index);

    /// <summary>Position of an AAC frame in samples from the start of the round, always a multiple of 1024 and before <see cref="Duration"/>.</summary>
    public long AudioSamplePosition(int index) => (_index.FirstAudioFrame + index) * (long)ClipIndex.SamplesPerAudioFrame;

    /// <summary>A reader for one player of the clip. Dispose it when the clip is no longer played.</summary>
    public ClipReader OpenReader() => new(this, _index, _pinned, _file);

    /// <summary>Takes a finished file. Blocking: reads it from start to end.</summary>
    /// <exception cref="Media.MediaFormatException">Damaged.</exception>
    /// <exception cref="IOException">Not readable.</exception>
    internal static Clip Load(string path, ProgramFormat format, int maxInMemoryBytes, out string digest)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        var index = ClipIndex.Read(stream, format.FrameRate, format.Audio.SampleRate);
        digest = index.Digest;
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var inMemory = stream.Length <= maxInMemoryBytes;
        var pinned = new byte[]?[index.Segments.Length];
        for (var i = 0; i < (inMemory ? pinned.Length : Math.Min(PinnedSegments, pinned.Length)); i++)
            pinned[i] = ReadSegment(index, handle, i, format.CompositionOffsetMilliseconds);
        if (inMemory) handle.Dispose();
        return new(format, index, pinned, inMemory ? null : handle);
    }

    /// <summary>Reads a segment and writes the composition offset into each of its pictures. The array is new and belongs to the caller.</summary>
    internal static byte[] ReadSegment(ClipIndex index, SafeFileHandle file, int number, int compositionOffset)
    {
        var segment = index.Segments[number];
        var bytes = new byte[segment.Length];
        var filled = 0;
        while (filled < bytes.Length)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(filled), segment.Offset + filled);
            if (read == 0) throw new EndOfStreamException("The clip's file became shorter.");
            filled += read;
        }

        for (var i = segment.FirstVideo; i < segment.FirstVideo + segment.VideoCount; i++)
            WriteCompositionOffset(bytes.AsSpan(index.Video[i].Offset), compositionOffset);
        return bytes;
    }

    // Signed, 24 bits, behind the bytes of frame type and packet type.
    private static void WriteCompositionOffset(Span<byte> body, int milliseconds) =>
        (body[2], body[3], body[4]) = ((byte)(milliseconds >> 16), (byte)(milliseconds >> 8), (byte)milliseconds);
}
