using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// One player's view of a clip. <see cref="TryGetVideo"/> and <see cref="TryGetAudio"/> never wait and never touch the disk.
/// </summary>
/// <remarks>
/// <para>A clip in memory always answers true. Of a file-backed clip the first two segments (about four seconds) are always there, so starting it and starting it over
/// always work; beyond, a task of the reader keeps the segment of the last picture asked for, the one before it and the next two in memory. Played in order it
/// is therefore two seconds ahead of the player. False means that the disk did not keep up, or that the player jumped: it repeats its last key frame or goes back to frame 0,
/// asks again at the next frame, and a jump is served a few milliseconds later.</para>
/// <para>Bodies are slices of arrays that nobody writes again. They may be kept; each keeps its segment of two seconds alive.</para>
/// <para>To be called by one thread at a time.</para>
/// </remarks>
public sealed class ClipReader : IDisposable
{
    private const int SegmentsBehind = 1;
    private const int SegmentsAhead = 2;

    private readonly Clip _clip;
    private readonly ClipIndex _index;
    private readonly byte[]?[] _pinned;
    private readonly byte[]?[] _loaded;
    // One slot: only the last wish counts.
    private readonly Channel<int>? _wishes;
    private int _current;

    internal ClipReader(Clip clip, ClipIndex index, byte[]?[] pinned, SafeFileHandle? file)
    {
        _clip = clip;
        _index = index;
        _pinned = pinned;
        _loaded = file is null ? pinned : (byte[]?[])pinned.Clone();
        if (file is null) return;
        _wishes = Channel.CreateBounded<int>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        _wishes.Writer.TryWrite(0);
        ReadAhead = ReadAheadAsync(file, _wishes.Reader);
    }

    /// <summary>Ends when the reader is disposed of; for tests.</summary>
    internal Task ReadAhead { get; } = Task.CompletedTask;

    /// <summary>Segments in memory, those at the start included; for tests.</summary>
    internal int LoadedSegments => _loaded.Count(segment => segment is not null);

    /// <summary>Pictures and AAC frames asked for that were not there.</summary>
    public long Misses { get; private set; }

    /// <summary>The tag body of a picture; false when it is not in memory yet.</summary>
    public bool TryGetVideo(int index, out ReadOnlyMemory<byte> body)
    {
        var frame = _index.Video[index];
        if (frame.Segment != _current)
        {
            _current = frame.Segment;
            _wishes?.Writer.TryWrite(_current);
        }

        return TryGet(frame, out body);
    }

    /// <summary>The tag body of an AAC frame; false when it is not in memory. The pictures lead: frames near the last picture asked for are there.</summary>
    public bool TryGetAudio(int index, out ReadOnlyMemory<byte> body) => TryGet(_index.Audio[index], out body);

    /// <inheritdoc/>
    public void Dispose() => _wishes?.Writer.TryComplete();

    private bool TryGet(ClipFrame frame, out ReadOnlyMemory<byte> body)
    {
        var segment = Volatile.Read(ref _loaded[frame.Segment]);
        body = segment is null ? default : segment.AsMemory(frame.Offset, frame.Length);
        if (segment is null) Misses++;
        return segment is not null;
    }

    private async Task ReadAheadAsync(SafeFileHandle file, ChannelReader<int> wishes)
    {
        // The disk may block: never on the thread of whoever opened the reader.
        await Task.Yield();
        await foreach (var current in wishes.ReadAllAsync())
        {
            for (var i = 0; i < _loaded.Length; i++)
            {
                if (!IsNear(i, current)) Volatile.Write(ref _loaded[i], _pinned[i]);
            }

            // A new wish makes the rest of this one pointless.
            for (var step = 0; step <= SegmentsAhead + SegmentsBehind && wishes.Count == 0; step++)
                LoadSegment(file, (current + (step <= SegmentsAhead ? step : _loaded.Length - SegmentsBehind)) % _loaded.Length);
        }
    }

    private void LoadSegment(SafeFileHandle file, int number)
    {
        if (_loaded[number] is not null) return;
        try
        {
            Volatile.Write(ref _loaded[number], Clip.ReadSegment(_index, file, number, _clip.Format.CompositionOffsetMilliseconds));
        }
        catch (IOException)
        {
            // Seen by the player as a miss, which it can live with; asked for again with the next segment.
        }
    }

    private bool IsNear(int segment, int current)
    {
        var distance = (segment - current + _loaded.Length) % _loaded.Length;
        return distance <= SegmentsAhead || distance >= _loaded.Length - SegmentsBehind;
    }
}
