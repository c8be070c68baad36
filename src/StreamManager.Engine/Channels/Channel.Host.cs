using Microsoft.Extensions.Logging;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Channels;

/// <content>What the program's loop tells the channel. Called on the loop: returns at once.</content>
public sealed partial class Channel
{
    private void SetOnAir(StreamHeader? header, bool isNewBroadcast = false)
    {
        lock (_gate)
        {
            _onAir = header;
            foreach (var output in _outputs)
                output.SetOnAir(header, isNewBroadcast);
        }
    }

    private void Tell(EngineEvent happened) => _services.Events?.Happened(Id, happened);

    // The store may wait for a disk: never on the loop. Saves keep their order, and the last one wins.
    private void Save(bool onAir)
    {
        lock (_gate)
        {
            if (_lastFormat is not { } format)
                return;
            var record = new BroadcastRecord { OnAir = onAir, StartedAt = _startedAt ?? _services.TimeProvider.GetUtcNow(), Format = StoredFormat.Of(format) };
            _saving = SaveAfterAsync(_saving, record);
        }
    }

    private async Task SaveAfterAsync(Task before, BroadcastRecord record)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await _services.Broadcasts.SaveAsync(Id, record);
        }
        catch (Exception exception)
        {
            // What is on air does not depend on the disk. After a crash it would have to be started by hand: that is said.
            LogNotSaved(_logger, Id, exception);
        }
    }

    [LoggerMessage(2, LogLevel.Error, "What is on air on channel {Channel} could not be remembered; after a crash it will not come back by itself.")]
    private static partial void LogNotSaved(ILogger logger, string channel, Exception exception);

    private sealed class Host(Channel channel) : IProgramHost
    {
        public void PrepareFallback(ProgramFormat format)
        {
            lock (channel._gate)
            {
                channel._lastFormat = format;
                channel._needsFallback = true;
                channel._fallback.Begin(channel._definition, format);
            }
        }

        public void WentOnAir(StreamHeader header)
        {
            DateTimeOffset startedAt;
            lock (channel._gate)
            {
                startedAt = channel._startedAt ??= channel._services.TimeProvider.GetUtcNow();
            }

            Tell(new EngineEvent.ProgramOnAir(startedAt));
            channel.SetOnAir(header, isNewBroadcast: true);
            channel.Save(onAir: true);
        }

        public void Switched(string? from, string? to, SwitchReason reason)
        {
            EngineTraces.Switched(channel.Id, from, to, reason.ToString());
            Tell(new EngineEvent.ProgramSwitched(from, to, reason));
        }

        public void Tell(EngineEvent happened) => channel.Tell(happened);

        public void Ended(BroadcastEnd reason, ProgramFigures figures)
        {
            channel.SetOnAir(null);
            // A shutdown of the server is not the end of the broadcast.
            if (reason is not BroadcastEnd.Shutdown)
                channel.Save(onAir: false);
            DateTimeOffset? startedAt;
            lock (channel._gate)
            {
                startedAt = channel._startedAt;
                (channel._startedAt, channel._needsFallback) = (null, false);
            }

            // A start that was stopped before anything was on air has no broadcast to end.
            if (startedAt is { } start)
                Tell(new EngineEvent.ProgramEnded(reason, channel._services.TimeProvider.GetUtcNow() - start, figures));
        }

        public void FormatChanged(StreamHeader header)
        {
            channel.SetOnAir(header);
            if (header.Video is { } video && VideoFormat.FromConfiguration(video.Codec, video.Payload.Span) is { } format)
                Tell(new EngineEvent.ProgramFormatChanged(format.Width, format.Height, video.Codec.ToString()));
        }

        public void WantTranscoder(SourceSlot slot, ProgramHeader? header)
        {
            ProgramFormat? format;
            ChannelDefinition definition;
            lock (channel._gate)
                (format, definition) = (channel._lastFormat, channel._definition);
            channel._transcoders.Want(slot, header, format, definition);
        }

        public void Transcode(SourceSlot slot, MediaPacket packet) => channel._transcoders.Write(slot, packet);
    }
}
