using StreamManager.Engine.Programs;
using StreamManager.Media;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Sources;

/// <summary>
/// One publish as a source: puts its messages on one clock, parses each once, and passes them to the program's loop. Called by the session's loop only.
/// </summary>
internal sealed class SourceSession : IRtmpPublishSink
{
    private readonly ProgramLoop _loop;
    private readonly SourceSlot _slot;
    private readonly TimeProvider _timeProvider;
    private readonly SourceClock _clock = new();
    private readonly List<MediaPacket> _packets = [];

    /// <summary>Creates a session; the slot is its own until <see cref="EndAsync"/>.</summary>
    public SourceSession(ProgramLoop loop, SourceSlot slot, TimeProvider timeProvider)
    {
        _loop = loop;
        _slot = slot;
        _timeProvider = timeProvider;
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken)
    {
        var arrived = _timeProvider.GetTimestamp();
        _packets.Clear();
        try
        {
            switch (message.Type)
            {
                case RtmpMessageType.Video:
                    Parse(MediaKind.Video, message, arrived);
                    break;
                case RtmpMessageType.Audio:
                    Parse(MediaKind.Audio, message, arrived);
                    break;
                default:
                    Parse(MediaKind.Data, message, arrived);
                    break;
            }
        }
        catch (MediaFormatException)
        {
            // One broken message is not worth a source: it is left out and counted.
            EngineMetrics.IgnoredMessages.Add(1, EngineMetrics.Broken);
            return;
        }
        for (var i = 0; i < _packets.Count; i++)
        {
            var packet = _packets[i];
            if (packet.Kind is MediaKind.Data)
            {
                await DescribeAsync(packet);
                continue;
            }
            var time = packet.Content is PacketContent.Frame && packet.Track == 0
                ? _clock.Map(packet.Kind, message.Timestamp, _loop.Now)
                : _clock.Current;
            await _loop.PostAsync(_slot, packet.At(time), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask EndAsync(RtmpPublishEnd end) => await _loop.DetachAsync(_slot, end);

    // Metadata are hints about the encoder; what is sent on is made anew. Everything else that data messages carry (captions, cue points) ends here.
    private async ValueTask DescribeAsync(MediaPacket packet)
    {
        try
        {
            if (OnMetaData.Read(packet.Body.Span) is { } metadata)
                await _loop.DescribeAsync(_slot, metadata);
        }
        catch (MediaFormatException)
        {
            EngineMetrics.IgnoredMessages.Add(1, EngineMetrics.Broken);
        }
    }

    private void Parse(MediaKind kind, in RtmpMessage message, long arrived)
    {
        var result = TagParser.Parse(kind, MediaTime.Zero, message.Body, arrived, _packets);
        if (result.Ignored is not TagIgnoreReason.None)
            EngineMetrics.IgnoredMessages.Add(1, EngineMetrics.Reason(result.Ignored));
    }
}
