using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Playback;

/// <summary>A stream as an RTMP player gets it: metadata, configurations, frames from a keyframe on, its own clock from zero; configurations again when they change.</summary>
internal sealed class PlayFeed(PlaybackQueue queue) : IRtmpPlayFeed
{
    private readonly Queue<RtmpMessage> _header = new();
    private ReadOnlyMemory<ProgramPacket> _packets;
    private long _base = long.MinValue;
    private uint _lastVideo;
    private uint _lastAudio;

    /// <inheritdoc/>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) =>
        _header.Count > 0 || !_packets.IsEmpty ? ValueTask.FromResult(true) : queue.WaitToReadAsync(cancellationToken);

    /// <inheritdoc/>
    public bool TryRead(out RtmpMessage message)
    {
        while (true)
        {
            if (_header.TryDequeue(out message))
                return true;
            while (!_packets.IsEmpty)
            {
                var packet = _packets.Span[0];
                _packets = _packets[1..];
                if (_base == long.MinValue)
                    _base = packet.Milliseconds;
                if (packet.Milliseconds < _base)
                    continue;
                var time = unchecked((uint)(packet.Milliseconds - _base));
                if (packet.Packet.Kind is MediaKind.Audio)
                    _lastAudio = time;
                else if (packet.Packet.Kind is MediaKind.Video)
                    _lastVideo = time;
                message = new RtmpMessage(WireClock.TypeOf(packet.Packet.Kind), 0, time, packet.Packet.Body);
                return true;
            }
            if (!queue.TryRead(out var header, out _packets))
                return false;
            if (header is not null)
                AddHeader(header);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        queue.Leave();
        return ValueTask.CompletedTask;
    }

    private void AddHeader(StreamHeader header)
    {
        if (header.Metadata is { } metadata)
            _header.Enqueue(new RtmpMessage(RtmpMessageType.DataAmf0, 0, _lastVideo, metadata.ToBody(forPublishing: false)));
        if (header.Video is { } video)
            _header.Enqueue(new RtmpMessage(RtmpMessageType.Video, 0, _lastVideo, video.Body));
        if (header.Audio is { } audio)
            _header.Enqueue(new RtmpMessage(RtmpMessageType.Audio, 0, _lastAudio, audio.Body));
    }
}
