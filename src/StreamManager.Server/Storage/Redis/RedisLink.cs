namespace StreamManager.Server.Storage.Redis;

/// <summary>Whether a link works.</summary>
internal abstract record RedisState
{
    private RedisState()
    {
    }

    /// <summary>There is a connection that was logged in.</summary>
    public sealed record Available(RedisConnection Connection) : RedisState;

    /// <summary>There is none.</summary>
    public sealed record Unavailable(RedisFailure Failure) : RedisState;
}

/// <summary>Keeps one connection to Redis: connects, and after every end connects again, at growing intervals. One task does that; others read <see cref="State"/>.</summary>
internal sealed partial class RedisLink : IAsyncDisposable
{
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<RedisConnection, CancellationToken, Task>? _prepare;
    private readonly Action<RespValue.Array>? _onPush;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _run;
    private RedisState _state = new RedisState.Unavailable(RedisFailure.NotYet);

    /// <summary>Completes and is replaced at each change of the state.</summary>
    private TaskCompletionSource _changed = NewSignal();

    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock for all waits.</param>
    /// <param name="logger">Told when it is lost and when it is back.</param>
    /// <param name="prepare">Runs on each new connection before it counts as there; what it throws is a failed attempt.</param>
    /// <param name="onPush">Gets messages of subscribed channels, on the reading task.</param>
    public RedisLink(
        RedisOptions options, TimeProvider time, ILogger logger, Func<RedisConnection, CancellationToken, Task>? prepare = null, Action<RespValue.Array>? onPush = null)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _prepare = prepare;
        _onPush = onPush;
        _run = Task.Run(RunAsync);
    }

    /// <summary>How it is used.</summary>
    public RedisOptions Options => _options;

    /// <summary>Where the Redis is.</summary>
    public RedisUrl Url => _options.Url;

    /// <summary>A snapshot, replaced whole.</summary>
    public RedisState State => Volatile.Read(ref _state);

    /// <summary>The connection that is there now.</summary>
    /// <exception cref="StoreUnavailableException">There is none: at once, with the reason.</exception>
    public RedisConnection Connection => State switch
    {
        RedisState.Available available => available.Connection,
        RedisState.Unavailable unavailable => throw new StoreUnavailableException(Describe(unavailable.Failure)),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>Waits until there is a connection.</summary>
    /// <exception cref="StoreUnavailableException">There was none for <paramref name="patience"/>, or something is wrong that waiting does not heal.</exception>
    public async Task WaitUntilAvailableAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (State is not RedisState.Unavailable { Failure: var failure })
                return;
            if (failure.IsForGood)
                throw new StoreUnavailableException(Describe(failure));
            try
            {
                await changed.WaitAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new StoreUnavailableException(Describe((State as RedisState.Unavailable)?.Failure ?? failure));
            }
        }
    }

    /// <summary>A failure with the address of the Redis.</summary>
    public string Describe(RedisFailure failure) => $"{_options.Url}: {failure.Text}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        var attempt = 0;
        RedisFailure? told = null;
        while (!_stop.IsCancellationRequested)
        {
            var start = _time.GetTimestamp();
            var failure = await ConnectAndStayAsync(told);
            if (_stop.IsCancellationRequested)
                break;
            // A server that lets us in and drops us at once must not be hammered.
            var wasAvailable = State is RedisState.Available;
            attempt = wasAvailable && _time.GetElapsedTime(start) >= _options.RetryMaximum ? 1 : attempt + 1;
            Change(new RedisState.Unavailable(failure));
            if (wasAvailable || told?.Text != failure.Text)
                LogUnavailable(_options.ClientName, _options.Url, failure.Text);
            told = failure;
            try
            {
                await Task.Delay(_options.RetryDelay(attempt, Random.Shared.NextDouble()), _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        Change(new RedisState.Unavailable(RedisFailure.Stopped));
    }

    /// <summary>One connection from its making to its end; why it ended or was not made.</summary>
    private async Task<RedisFailure> ConnectAndStayAsync(RedisFailure? before)
    {
        RedisConnection? connection = null;
        try
        {
            connection = await RedisConnection.OpenAsync(_options, _time, _onPush, _stop.Token);
            if (_prepare is not null)
                await _prepare(connection, _stop.Token);
            Change(new RedisState.Available(connection));
            if (before is not null)
                LogAvailable(_options.ClientName, _options.Url);
            var failure = await connection.Ended.WaitAsync(_stop.Token);
            if (connection.Fault is { } fault)
                LogFault(fault);
            return failure;
        }
        catch (RedisConnectException e)
        {
            return e.Failure;
        }
        catch (StoreUnavailableException e)
        {
            return connection is { Ended: { IsCompletedSuccessfully: true } ended } ? await ended : new RedisFailure(RedisFailureKind.Refused, e.Message);
        }
        catch (OperationCanceledException)
        {
            return RedisFailure.Stopped;
        }
        catch (Exception e)
        {
            LogFault(e);
            return RedisFailure.Fault;
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    private void Change(RedisState state)
    {
        Volatile.Write(ref _state, state);
        Interlocked.Exchange(ref _changed, NewSignal()).SetResult();
    }

    [LoggerMessage(1, LogLevel.Warning, "Redis ({Link}) at {Url} cannot be used: {Reason} Trying again.")]
    private partial void LogUnavailable(string link, RedisUrl url, string reason);

    [LoggerMessage(3, LogLevel.Error, "An error in the use of Redis; the connection is made anew.")]
    private partial void LogFault(Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Redis ({Link}) at {Url} is back.")]
    private partial void LogAvailable(string link, RedisUrl url);
}
