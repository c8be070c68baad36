using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// One connection to a Redis. Commands of any number of callers are sent in the order of their calls without waiting for each other's replies; replies are matched in that order. One task
/// writes, one reads. It ends once, for the first reason there is, and then every waiting caller gets a <see cref="StoreUnavailableException"/>: nothing is sent twice.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    /// <summary>Bytes written before they are handed to the socket: many small commands go in one packet, and large ones do not pile up here.</summary>
    private const int FlushBytes = 64 * 1024;

    /// <summary>A read takes at most so much at once; a long reply is a chain of such pieces.</summary>
    private const int ReadBytes = 16 * 1024;

    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly PipeWriter _output;
    private readonly Action<RespValue.Array>? _onPush;
    private readonly Channel<PendingReply> _queued;
    private readonly Channel<PendingReply> _unanswered;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<RedisFailure> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;
    private readonly ITimer _tick;

    /// <summary>The first reason for the end. Written once, by whoever is first.</summary>
    private RedisFailure? _failure;

    /// <summary>Timestamp of the last bytes read. Written by the reader, read by the tick.</summary>
    private long _heardAt;

    private RedisConnection(RedisOptions options, TimeProvider time, Socket socket, Stream stream, Action<RespValue.Array>? onPush)
    {
        _options = options;
        _time = time;
        _socket = socket;
        _stream = stream;
        _input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBytes, minimumReadSize: ReadBytes / 4, leaveOpen: true, useZeroByteReads: true));
        _output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        _onPush = onPush;
        _queued = Channel.CreateBounded<PendingReply>(new BoundedChannelOptions(options.MaxQueued));
        _unanswered = Channel.CreateBounded<PendingReply>(new BoundedChannelOptions(options.MaxUnanswered));
        _heardAt = time.GetTimestamp();
        _tick = time.CreateTimer(static state => ((RedisConnection)state!).Tick(), this, options.Tick, options.Tick);
        _run = RunAsync();
    }

    /// <summary>Completes with the reason when it has ended and every caller has got an answer.</summary>
    public Task<RedisFailure> Ended => _ended.Task;

    /// <summary>Our own error, if one has ended it.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Connects and logs in; it is ready for commands then.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock for all waits.</param>
    /// <param name="onPush">Gets the messages of subscribed channels, on the reading task: it must return at once. Null: nothing is subscribed on this connection.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RedisConnectException">It did not work.</exception>
    public static async Task<RedisConnection> OpenAsync(RedisOptions options, TimeProvider time, Action<RespValue.Array>? onPush, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        RedisConnection? connection = null;
        try
        {
            var (socket, stream) = await RedisTransport.OpenAsync(options, both.Token);
            connection = new RedisConnection(options, time, socket, stream, onPush);
            await RedisLogin.RunAsync(connection, options, both.Token);
            return connection;
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new RedisConnectException(RedisFailure.TimedOut, e);
            if (e is StoreUnavailableException)
                throw new RedisConnectException(connection!._failure!, connection.Fault ?? e);
            throw;
        }
    }

    /// <summary>Sends a command and waits for its reply, which may be an error.</summary>
    /// <exception cref="StoreUnavailableException">The connection has ended, or ended while the reply was waited for: the command may have been executed then.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the command may still be executed.</exception>
    public async Task<RespValue> SendAsync(RedisCommand command, CancellationToken cancellationToken)
    {
        var pending = new PendingReply(command, _time.GetTimestamp());
        try
        {
            await _queued.Writer.WriteAsync(pending, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            throw Unavailable(mayBeDone: false);
        }

        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingReply)state!).Reply.TrySetCanceled(token), pending);
        return await pending.Reply.Task;
    }

    /// <summary>Ends it for a reason, if it has not ended for another one. Returns at once.</summary>
    public void End(RedisFailure failure)
    {
        if (Interlocked.CompareExchange(ref _failure, failure, null) is not null)
            return;
        _stop.Cancel();
        // Ends reads and writes that heed no token.
        _socket.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End(RedisFailure.Stopped);
        await _run;
    }

    private async Task RunAsync()
    {
        await Task.WhenAll(GuardAsync(ReadAsync), GuardAsync(WriteAsync));
        await _tick.DisposeAsync();
        _queued.Writer.Complete();
        _unanswered.Writer.Complete();
        while (_unanswered.Reader.TryRead(out var sent))
            sent.Reply.TrySetException(Unavailable(mayBeDone: true));
        while (_queued.Reader.TryRead(out var unsent))
            unsent.Reply.TrySetException(Unavailable(mayBeDone: false));
        await _stream.DisposeAsync();
        // _stop is not disposed of: it holds nothing, and the one who ended the connection may still be inside its Cancel.
        _ended.SetResult(_failure!);
    }

    /// <summary>Either task's end is the connection's.</summary>
    private async Task GuardAsync(Func<CancellationToken, Task> loop)
    {
        // The fields of the constructor are set before anything of this runs.
        await Task.Yield();
        try
        {
            await loop(_stop.Token);
            End(RedisFailure.Closed);
        }
        catch (RespFormatException e)
        {
            End(e.Fault is RespFault.TooLarge ? RedisFailure.TooLarge : RedisFailure.NotRedis);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            End(RedisFailure.Closed);
        }
        catch (Exception e)
        {
            Fault = e;
            End(RedisFailure.Fault);
        }
    }

    private async Task ReadAsync(CancellationToken stop)
    {
        while (true)
        {
            var read = await _input.ReadAsync(stop);
            Volatile.Write(ref _heardAt, _time.GetTimestamp());
            var buffer = read.Buffer;
            try
            {
                while (RespReader.TryRead(ref buffer, _options.ReplyLimits, out var value))
                    Dispatch(value);
                if (read.IsCompleted)
                    return;
            }
            finally
            {
                _input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    private void Dispatch(RespValue value)
    {
        if (_onPush is not null && value is RespValue.Array { Items: [RespValue.Bulk { Text: "message" }, ..] } message)
            _onPush(message);
        else if (_unanswered.Reader.TryRead(out var pending))
            pending.Reply.TrySetResult(value);
        else
            throw new RespFormatException("A reply came that nobody asked for.");
    }

    private async Task WriteAsync(CancellationToken stop)
    {
        while (await _queued.Reader.WaitToReadAsync(stop))
        {
            while (_queued.Reader.TryRead(out var pending))
            {
                // Its caller gave up while it was queued.
                if (pending.Reply.Task.IsCompleted)
                    continue;
                if (!_unanswered.Writer.TryWrite(pending))
                    await WaitForRoomAsync(pending, stop);
                RespWriter.WriteCommand(_output, pending.Command);
                if (_output.UnflushedBytes >= FlushBytes)
                    await _output.FlushAsync(stop);
            }

            await _output.FlushAsync(stop);
        }
    }

    private async ValueTask WaitForRoomAsync(PendingReply pending, CancellationToken stop)
    {
        try
        {
            // Room comes by replies, and those only to what was sent.
            await _output.FlushAsync(stop);
            await _unanswered.Writer.WriteAsync(pending, stop);
        }
        catch
        {
            pending.Reply.TrySetException(Unavailable(mayBeDone: false));
            throw;
        }
    }

    /// <summary>Ends a connection whose oldest command is not answered in time, and asks a silent one whether it lives.</summary>
    private void Tick()
    {
        if (Oldest() is { } oldest)
        {
            if (_time.GetElapsedTime(oldest.CalledAt) >= _options.CommandTimeout)
                End(RedisFailure.TimedOut);
        }
        else if (_time.GetElapsedTime(Volatile.Read(ref _heardAt)) >= _options.PingAfter)
        {
            // Nobody waits for the reply; its absence is found here.
            _queued.Writer.TryWrite(new PendingReply(new RedisCommand("PING"), _time.GetTimestamp()));
        }
    }

    private PendingReply? Oldest() => _unanswered.Reader.TryPeek(out var sent) ? sent : _queued.Reader.TryPeek(out var unsent) ? unsent : null;

    private StoreUnavailableException Unavailable(bool mayBeDone)
    {
        var reason = (Volatile.Read(ref _failure) ?? RedisFailure.Closed).Text;
        return new StoreUnavailableException(mayBeDone ? $"{reason} What was asked for may have been done or not." : reason) { MayBeDone = mayBeDone };
    }

    /// <summary>A command whose reply is waited for.</summary>
    private sealed class PendingReply(RedisCommand command, long calledAt)
    {
        public RedisCommand Command { get; } = command;

        /// <summary>Timestamp.</summary>
        public long CalledAt { get; } = calledAt;

        public TaskCompletionSource<RespValue> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
