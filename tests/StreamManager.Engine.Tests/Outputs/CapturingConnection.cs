using System.Buffers;
using StreamManager.Rtmp.Client;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Engine.Tests.Outputs;

/// <summary>
/// A granted publish whose socket is this object: takes as many bytes as it is told to have room for, and reads them as a server would, with the chunk reader.
/// </summary>
internal sealed class CapturingConnection : IRtmpPublishConnection
{
    private readonly ChunkReader _reader = new();
    private readonly ArrayBufferWriter<byte> _pending = new();
    private readonly TaskCompletionSource<RtmpFailure> _completion = new();
    private readonly Lock _gate = new();
    private readonly List<RtmpMessage> _messages = [];
    private TaskCompletionSource _roomMade = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _room = long.MaxValue;

    public CapturingConnection(bool supportsDirectSend = true)
    {
        SupportsDirectSend = supportsDirectSend;
        var chunkSize = new ArrayBufferWriter<byte>();
        new ChunkWriter().WriteMessage(chunkSize, new RtmpControlMessage.SetChunkSize(OutgoingChunkSize).ToMessage());
        Take(chunkSize.WrittenSpan);
    }

    /// <summary>Instead of being kept, for streams of days, messages go here.</summary>
    public Action<RtmpMessage>? OnMessage { get; set; }

    /// <summary>Set: takes every byte as it came, from then on.</summary>
    public ArrayBufferWriter<byte>? Wire { get; set; }

    /// <summary>Bytes of the largest array that a sender has made or been given for one send.</summary>
    public int LargestSend { get; private set; }

    public bool SupportsDirectSend { get; }

    public uint MessageStreamId => 1;

    public int OutgoingChunkSize => 60_000;

    public Task<RtmpFailure> Completion => _completion.Task;

    /// <summary>What has arrived, but for the chunk size.</summary>
    public IReadOnlyList<RtmpMessage> Messages
    {
        get
        {
            lock (_gate)
                return [.. _messages.Skip(1)];
        }
    }

    public IReadOnlyList<RtmpMessage> Of(RtmpMessageType type) => [.. Messages.Where(message => message.Type == type)];

    /// <summary>From now on the socket takes so many bytes more.</summary>
    public void SetRoom(long bytes)
    {
        lock (_gate)
        {
            _room = bytes;
            var made = _roomMade;
            _roomMade = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            made.SetResult();
        }
    }

    public void Break() => _completion.TrySetResult(new RtmpFailure(RtmpConnectStage.Publishing, RtmpFailureKind.Closed, "The connection was reset."));

    public int TrySend(ReadOnlySpan<byte> wire)
    {
        lock (_gate)
        {
            if (_completion.Task.IsCompleted)
                return -1;
            LargestSend = Math.Max(LargestSend, wire.Length);
            var count = (int)Math.Min(_room, wire.Length);
            _room -= count;
            Take(wire[..count]);
            return count;
        }
    }

    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> wire, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task roomMade;
            lock (_gate)
                roomMade = _roomMade.Task;
            var sent = TrySend(wire.Span);
            if (sent < 0)
                return false;
            wire = wire[sent..];
            if (wire.IsEmpty)
                return true;
            await roomMade;
        }
    }

    public RtmpTransportStatistics GetStatistics() => default;

    public Task EndAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Take(ReadOnlySpan<byte> bytes)
    {
        Wire?.Write(bytes);
        _pending.Write(bytes);
        var buffer = new ReadOnlySequence<byte>(_pending.WrittenSpan.ToArray());
        while (_reader.TryReadMessage(ref buffer, out var message))
        {
            if (OnMessage is { } onMessage)
                onMessage(message);
            else
                _messages.Add(message);
        }
        _pending.Clear();
        _pending.Write(buffer.ToArray());
    }
}
