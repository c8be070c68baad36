using System.Text;

namespace StreamManager.Engine.Codecs.Processes;

/// <summary>
/// The last bytes that a child wrote to its error stream. Written by one thread, read by any: what a program says last is why it ended, and
/// what it says all day must not fill our memory.
/// </summary>
internal sealed class BoundedTail(int capacity)
{
    private readonly byte[] _ring = new byte[capacity];
    private readonly Lock _lock = new();
    private long _written;

    /// <summary>Bytes ever written, also those that are gone.</summary>
    public long TotalBytes
    {
        get { lock (_lock) return _written; }
    }

    /// <summary>Adds bytes; the oldest make room.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _written += Math.Max(0, bytes.Length - _ring.Length);
            bytes = bytes[^Math.Min(bytes.Length, _ring.Length)..];
            foreach (var value in bytes)
                _ring[_written++ % _ring.Length] = value;
        }
    }

    /// <summary>
    /// What is kept, as text. Control characters become spaces, line ends stay: the words go into results and pages, and a stream can put what it likes
    /// into its metadata, which ffmpeg then prints.
    /// </summary>
    public override string ToString()
    {
        byte[] kept;
        lock (_lock)
        {
            var count = (int)Math.Min(_written, _ring.Length);
            kept = new byte[count];
            for (var i = 0; i < count; i++)
                kept[i] = _ring[(_written - count + i) % _ring.Length];
        }

        var text = new StringBuilder(Encoding.UTF8.GetString(kept));
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not '\n' && char.IsControl(text[i])) text[i] = ' ';
        }

        return text.ToString().Trim();
    }

    /// <summary>The last lines, at most <paramref name="count"/>, joined by "; ": short enough for a status row.</summary>
    public string LastLines(int count)
    {
        var lines = ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join("; ", lines[Math.Max(0, lines.Length - count)..]);
    }
}
