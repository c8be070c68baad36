using System.Buffers;
using StreamManager.Media;
using StreamManager.Media.Flv;

namespace StreamManager.Engine.Codecs;

/// <summary>Takes FLV tags from a blocking stream (a child's pipe, a cache file), one after another.</summary>
internal sealed class FlvStreamReader(Stream stream, FlvReaderLimits? limits = null)
{
    private readonly FlvReaderLimits _limits = limits ?? FlvReaderLimits.Default;
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private bool _headerRead;

    /// <summary>Bytes of the stream in front of the tag that comes next.</summary>
    public long Position { get; private set; }

    /// <summary>The next tag; false at the end of the stream.</summary>
    /// <exception cref="MediaFormatException">Not FLV, or it ends in the middle of a tag.</exception>
    /// <exception cref="IOException">The stream broke.</exception>
    public bool TryRead(out FlvTag tag)
    {
        while (!TryParse(out tag))
        {
            if (Fill()) continue;
            if (_end > _start || !_headerRead) throw new MediaFormatException("FLV ends in the middle of a tag.");
            return false;
        }

        return true;
    }

    private bool TryParse(out FlvTag tag)
    {
        tag = default;
        var bytes = new ReadOnlySequence<byte>(_buffer, _start, _end - _start);
        var before = bytes.Length;
        if (!_headerRead) _headerRead = FlvReader.TryReadHeader(ref bytes, out _);
        var found = _headerRead && FlvReader.TryReadTag(ref bytes, _limits, out tag);
        _start += (int)(before - bytes.Length);
        Position += before - bytes.Length;
        return found;
    }

    private bool Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        // Grows up to one tag of the largest size that the reader lets pass.
        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
        var read = stream.Read(_buffer.AsSpan(_end));
        _end += read;
        return read > 0;
    }
}
