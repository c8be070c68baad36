using System.Buffers;
using System.Net.WebSockets;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Realtime;

/// <summary>
/// One client: its socket, its bounded queue, who it is. Anybody may <see cref="Send(ReadOnlyMemory{byte})"/>; one at a time sends, on the thread of whoever found nobody sending. The loop that reads is
/// <see cref="RealtimeEndpoint"/>'s. A client that does not keep up is cut off, never waited for.
/// </summary>
internal sealed class RealtimeClient(WebSocket socket, string address, string host, TimeProvider time)
{
    private const long Never = long.MaxValue;

    private readonly Lock _gate = new();
    private readonly Queue<Item> _queue = new();
    private long _queuedBytes;
    private bool _isPumping;
    private bool _isClosing;
    private Caller? _caller;
    private long _sendingSince = Never;
    private long _closingSince = Never;
    private long _receivingSince = Never;

    /// <summary>Where it comes from.</summary>
    public string Address { get; } = address;

    /// <summary>The name by which it reached us.</summary>
    public string Host { get; } = host;

    /// <summary>Who it is; null: it has not said yet.</summary>
    public Caller? Caller
    {
        get => Volatile.Read(ref _caller);
        set => Volatile.Write(ref _caller, value);
    }

    /// <summary>Asks again who it is; null: nobody any more. Set with <see cref="Caller"/>.</summary>
    public Func<CancellationToken, ValueTask<Caller?>>? Recheck { get; set; }

    /// <summary>When it came.</summary>
    public long ConnectedAt { get; } = time.GetTimestamp();

    /// <summary>A close was sent, or it was cut off.</summary>
    public bool IsClosing
    {
        get
        {
            lock (_gate)
                return _isClosing;
        }
    }

    /// <summary>Sends a frame, in its turn. A client whose queue is full is cut off.</summary>
    public void Send(ReadOnlyMemory<byte> frame) => Send(new Item(frame, null, null, ""));

    /// <summary>Sends frames one behind the other, in their turn. Each is made when it leaves, so that they wait as one, however many they are.</summary>
    public void Send(IEnumerable<ReadOnlyMemory<byte>> frames) => Send(new Item(default, frames, null, ""));

    private void Send(Item item)
    {
        var isFull = false;
        lock (_gate)
        {
            if (_isClosing)
                return;
            isFull = _queue.Count >= RealtimeLimits.MostQueuedFrames || _queuedBytes + item.Frame.Length > RealtimeLimits.MostQueuedBytes;
            if (!isFull)
            {
                _queue.Enqueue(item);
                _queuedBytes += item.Frame.Length;
                if (_isPumping)
                    return;
                _isPumping = true;
            }
        }

        if (isFull)
            CutOff("slow");
        else
            _ = PumpAsync();
    }

    /// <summary>Says farewell after what waits; the client has two seconds to answer. Nothing is sent afterwards.</summary>
    /// <param name="status">The code that the client sees.</param>
    /// <param name="words">At most 120 bytes.</param>
    /// <param name="reason">For the metrics; null: it is not counted.</param>
    public void Close(WebSocketCloseStatus status, string words, string? reason)
    {
        lock (_gate)
        {
            if (_isClosing)
                return;
            _isClosing = true;
            _closingSince = time.GetTimestamp();
            _queue.Enqueue(new Item(default, null, status, words));
            if (reason is not null)
                RealtimeMetrics.Dropped.Add(1, RealtimeMetrics.Reason(reason));
            if (_isPumping)
                return;
            _isPumping = true;
        }

        _ = PumpAsync();
    }

    /// <summary>Cuts the connection. <paramref name="reason"/> is for the metrics.</summary>
    public void CutOff(string reason)
    {
        lock (_gate)
        {
            if (!_isClosing)
                RealtimeMetrics.Dropped.Add(1, RealtimeMetrics.Reason(reason));
            _isClosing = true;
            _queue.Clear();
            _queuedBytes = 0;
        }

        socket.Abort();
    }

    /// <summary>Nothing is sent any more, and the connection stays for the moment. False: it is closing already. <paramref name="reason"/> is for the metrics.</summary>
    public bool TrySilence(string reason)
    {
        lock (_gate)
        {
            if (_isClosing)
                return false;
            _isClosing = true;
            _queue.Clear();
            _queuedBytes = 0;
        }

        RealtimeMetrics.Dropped.Add(1, RealtimeMetrics.Reason(reason));
        return true;
    }

    /// <summary>Ends what takes too long. Called once in a while.</summary>
    public void CheckTimes()
    {
        if (Caller is null && Passed(ConnectedAt, RealtimeLimits.AuthenticationTimeout))
            Close(WebSocketCloseStatus.PolicyViolation, "No token came in time.", "unauthenticated");
        if (Passed(Volatile.Read(ref _sendingSince), RealtimeLimits.SendTimeout))
            CutOff("slow");
        if (Passed(Volatile.Read(ref _receivingSince), RealtimeLimits.MessageTimeout))
            Close(WebSocketCloseStatus.PolicyViolation, "A frame did not end in time.", "endless");
        if (Passed(Volatile.Read(ref _closingSince), RealtimeLimits.CloseTimeout))
            socket.Abort();
    }

    /// <summary>Asks again who it is, and closes it when it may not watch any more, or what says who it is cannot be read. While nobody can be asked, who was known stays known.</summary>
    public async ValueTask CheckCallerAsync(CancellationToken cancellationToken)
    {
        if (Recheck is not { } recheck)
            return;
        try
        {
            if (await recheck(cancellationToken) is { } caller && caller.Permissions.HasFlag(Permissions.View))
            {
                Caller = caller;
                return;
            }
        }
        catch (StoreUnavailableException)
        {
            return;
        }
        catch (DamagedDocumentException)
        {
            // Who cannot be read does not get in, and does not stay.
        }

        Close(WebSocketCloseStatus.PolicyViolation, "The token or the session has ended.", "revoked");
    }

    private bool Passed(long since, TimeSpan limit) => since != Never && time.GetElapsedTime(since) >= limit;

    // What waits goes out, one frame after the other, until nothing waits.
    private async Task PumpAsync()
    {
        while (true)
        {
            Item item;
            lock (_gate)
            {
                if (!_queue.TryDequeue(out item))
                {
                    _isPumping = false;
                    return;
                }

                _queuedBytes -= item.Frame.Length;
            }

            try
            {
                if (item.Frames is { } frames)
                {
                    foreach (var frame in frames)
                    {
                        if (IsClosing)
                            break;
                        await SendNowAsync(frame);
                    }
                }
                else if (item.Close is { } status)
                {
                    Volatile.Write(ref _sendingSince, time.GetTimestamp());
                    await socket.CloseOutputAsync(status, item.Words, CancellationToken.None);
                    Volatile.Write(ref _sendingSince, Never);
                }
                else
                {
                    await SendNowAsync(item.Frame);
                }
            }
            catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
            {
                Volatile.Write(ref _sendingSince, Never);
                if (socket.State is WebSocketState.CloseSent or WebSocketState.Aborted)
                {
                    // The loop that reads was faster: it has ended the connection, or found the protocol broken and says farewell.
                    lock (_gate)
                    {
                        _queue.Clear();
                        _isPumping = false;
                    }

                    return;
                }

                // The peer is gone; the loop that reads notices it, too.
                lock (_gate)
                {
                    _isClosing = true;
                    _queue.Clear();
                    _isPumping = false;
                }

                socket.Abort();
                return;
            }
        }
    }

    private async ValueTask SendNowAsync(ReadOnlyMemory<byte> frame)
    {
        Volatile.Write(ref _sendingSince, time.GetTimestamp());
        await socket.SendAsync(frame, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        Volatile.Write(ref _sendingSince, Never);
    }

    /// <summary>Waits for a frame without holding a buffer, and reads it whole.</summary>
    /// <exception cref="WebSocketException">The peer is gone, or broke the protocol (then it was told).</exception>
    public async ValueTask<Received> ReceiveAsync(CancellationToken cancellationToken)
    {
        // Nothing is read yet: thousands of clients that only listen need no buffers.
        var first = await socket.ReceiveAsync(Memory<byte>.Empty, cancellationToken);
        if (first.MessageType is not WebSocketMessageType.Text)
            return new Received(first.MessageType is WebSocketMessageType.Close ? ReceivedKind.Closed : ReceivedKind.Binary, default);
        if (first.EndOfMessage)
            return new Received(ReceivedKind.Text, default);
        Volatile.Write(ref _receivingSince, time.GetTimestamp());
        var buffer = ArrayPool<byte>.Shared.Rent(4 * 1024);
        try
        {
            var length = 0;
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                if (read.MessageType is WebSocketMessageType.Close)
                    return new Received(ReceivedKind.Closed, default);
                length += read.Count;
                if (length > RealtimeLimits.MostMessageBytes)
                    return new Received(ReceivedKind.TooLarge, default);
                if (read.EndOfMessage)
                    return new Received(ReceivedKind.Text, buffer.AsSpan(0, length).ToArray());
                if (length < buffer.Length)
                    continue;
                var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                buffer.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
                buffer = larger;
            }
        }
        finally
        {
            Volatile.Write(ref _receivingSince, Never);

            // A token or a key may have been in it.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>
    /// Reads what comes and forgets it, up to the client's farewell; whoever does not say one is cut off by <see cref="CheckTimes"/>. What is left unread would reset the connection at its end, and our farewell be
    /// lost on the way; and a frame that was not read whole would be there again at once at every look.
    /// </summary>
    /// <exception cref="WebSocketException">The peer is gone, or broke the protocol.</exception>
    public async ValueTask DiscardAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4 * 1024);
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken)).MessageType is not WebSocketMessageType.Close)
            {
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private readonly record struct Item(ReadOnlyMemory<byte> Frame, IEnumerable<ReadOnlyMemory<byte>>? Frames, WebSocketCloseStatus? Close, string Words);
}

/// <summary>What came from a client.</summary>
internal enum ReceivedKind
{
    /// <summary>A frame of text.</summary>
    Text = 1,

    /// <summary>A frame of bytes, which nobody here takes.</summary>
    Binary = 2,

    /// <summary>More than a frame may have.</summary>
    TooLarge = 3,

    /// <summary>The client closes.</summary>
    Closed = 4,
}

/// <summary>One frame.</summary>
internal sealed record Received(ReceivedKind Kind, ReadOnlyMemory<byte> Text);
