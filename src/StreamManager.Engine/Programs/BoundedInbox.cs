using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace StreamManager.Engine.Programs;

/// <summary>
/// Requests on their way to the one loop that reads them, bounded in number and in bytes. When it is full, writers wait. There is room as long as fewer bytes than the limit wait: the largest
/// message fits at any time, so what is held is at most the limit and one message of each writer.
/// </summary>
/// <param name="maxRequests">Requests that may wait.</param>
/// <param name="maxBytes">Bytes that may wait before the last one.</param>
internal sealed class BoundedInbox<T>(int maxRequests, long maxBytes)
{
    private readonly Channel<(T Request, int Bytes)> _channel = Channel.CreateBounded<(T, int)>(new BoundedChannelOptions(maxRequests) { SingleReader = true });
    private readonly Lock _gate = new();
    private long _bytes;
    private TaskCompletionSource? _room;

    /// <summary>Writes without waiting. False: it is full, or complete.</summary>
    public bool TryWrite(T request, int bytes = 0)
    {
        if (!TryReserve(bytes, out _))
            return false;
        if (_channel.Writer.TryWrite((request, bytes)))
            return true;
        Release(bytes);
        return false;
    }

    /// <summary>Writes, and waits while it is full. False: it is complete, and the request is not taken.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting; the request is not taken.</exception>
    public ValueTask<bool> WriteAsync(T request, int bytes = 0, CancellationToken cancellationToken = default) =>
        TryWrite(request, bytes) ? ValueTask.FromResult(true) : WaitAndWriteAsync(request, bytes, cancellationToken);

    /// <summary>Waits for a request. False: there will be none.</summary>
    public ValueTask<bool> WaitToReadAsync() => _channel.Reader.WaitToReadAsync();

    /// <summary>Takes the next request; false: there is none at the moment.</summary>
    public bool TryRead([MaybeNullWhen(false)] out T request)
    {
        var isThere = _channel.Reader.TryRead(out var item);
        request = item.Request;
        if (isThere)
            Release(item.Bytes);
        return isThere;
    }

    /// <summary>Nothing more is taken. The reader reads what waits to its end, which gives writers that wait their answer.</summary>
    public void Complete() => _channel.Writer.TryComplete();

    private async ValueTask<bool> WaitAndWriteAsync(T request, int bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!TryReserve(bytes, out var room))
            {
                await room.WaitAsync(cancellationToken);
                continue;
            }
            if (_channel.Writer.TryWrite((request, bytes)))
                return true;
            Release(bytes);
            if (!await _channel.Writer.WaitToWriteAsync(cancellationToken))
                return false;
        }
    }

    private bool TryReserve(int bytes, [NotNullWhen(false)] out Task? room)
    {
        lock (_gate)
        {
            if (bytes > 0 && _bytes >= maxBytes)
            {
                _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
                return false;
            }
            _bytes += bytes;
            room = null;
            return true;
        }
    }

    private void Release(int bytes)
    {
        TaskCompletionSource? room = null;
        lock (_gate)
        {
            _bytes -= bytes;
            if (_bytes < maxBytes)
                (room, _room) = (_room, null);
        }
        room?.TrySetResult();
    }
}
