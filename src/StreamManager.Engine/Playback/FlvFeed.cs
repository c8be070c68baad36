using System.Buffers;
using StreamManager.Engine.Programs;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Playback;

/// <summary>
/// A stream as an FLV file that never ends, in the form that browsers' players take: flags only for what really comes, metadata, configurations, then a group of pictures, time from zero.
/// When the configurations change, they come again in front of a keyframe. One reader.
/// </summary>
public sealed class FlvFeed : IAsyncDisposable
{
    /// <summary>
    /// What is written at once, and the next packet with it: one write for a viewer that was away for a moment. Each viewer has a buffer as large as its largest piece for as long as it watches, while packets
    /// are shared; so a whole group must not be one piece.
    /// </summary>
    internal const int PieceBytes = 256 * 1024;

    private readonly PlaybackQueue _queue;
    private readonly ArrayBufferWriter<byte> _output = new(64 * 1024);
    private ReadOnlyMemory<ProgramPacket> _packets;
    private int _next;
    private long _base = long.MinValue;
    private uint _lastVideo;
    private uint _lastAudio;
    private bool _hasBegun;

    internal FlvFeed(PlaybackQueue queue)
    {
        _queue = queue;
    }

    /// <summary>The next bytes, valid until the next call; empty: the stream has ended.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        _output.ResetWrittenCount();
        while (_output.WrittenCount == 0)
        {
            if (_next == _packets.Length && !await _queue.WaitToReadAsync(cancellationToken))
                return default;
            while (_output.WrittenCount < PieceBytes && (_next < _packets.Length || TryTake()))
                Write(_packets.Span[_next++]);
        }

        return _output.WrittenMemory;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _queue.Leave();
        return ValueTask.CompletedTask;
    }

    // What is next in the queue; its header is written at once.
    private bool TryTake()
    {
        _next = 0;
        while (_queue.TryRead(out var header, out _packets))
        {
            if (header is not null)
                WriteHeader(header);
            if (!_packets.IsEmpty)
                return true;
        }

        _packets = default;
        return false;
    }

    private void WriteHeader(StreamHeader header)
    {
        if (!_hasBegun)
            FlvWriter.WriteHeader(_output, new FlvHeader(HasAudio: header.Audio is not null, HasVideo: header.Video is not null));
        _hasBegun = true;
        if (header.Metadata is { } metadata)
            FlvWriter.WriteTag(_output, FlvTagType.Script, _lastVideo, metadata.ToBody(forPublishing: false));
        if (header.Video is { } video)
            FlvWriter.WriteTag(_output, FlvTagType.Video, _lastVideo, video.Body.Span);
        if (header.Audio is { } audio)
            FlvWriter.WriteTag(_output, FlvTagType.Audio, _lastAudio, audio.Body.Span);
    }

    private void Write(in ProgramPacket packet)
    {
        if (_base == long.MinValue)
            _base = packet.Milliseconds;
        if (packet.Milliseconds < _base || packet.Packet.Kind is MediaKind.Data)
            return;
        var time = unchecked((uint)(packet.Milliseconds - _base));
        var isVideo = packet.Packet.Kind is MediaKind.Video;
        (isVideo ? ref _lastVideo : ref _lastAudio) = time;
        FlvWriter.WriteTag(_output, isVideo ? FlvTagType.Video : FlvTagType.Audio, time, packet.Packet.Body.Span);
    }
}
