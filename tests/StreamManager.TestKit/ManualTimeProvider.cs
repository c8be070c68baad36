namespace StreamManager.TestKit;

/// <summary>
/// A clock that stands still until a test moves it, so that days run in milliseconds. <see cref="Advance"/> stops at each due timer in order of its due time
/// (equal times: in order of creation), with the clock at exactly that time while the callback runs; periodic timers fire as often as they fall due.
/// Local time is UTC. Callbacks run on the thread that advances. Thread-safe; only one thread may advance at a time.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly DateTimeOffset _start;
    private long _elapsedTicks;
    private long _wallClockOffsetTicks;
    private long _sequence;
    private bool _advancing;

    /// <summary>Starts at 2030-01-01T00:00:00Z.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    /// <summary>Starts at the given wall-clock time.</summary>
    public ManualTimeProvider(DateTimeOffset start) => _start = start.ToUniversalTime();

    /// <summary>Time since the start, by the monotonic clock.</summary>
    public TimeSpan Elapsed => new(Interlocked.Read(ref _elapsedTicks));

    /// <summary>Timers that wait for their time. A test may wait for one to appear before it advances.</summary>
    public int ActiveTimers
    {
        get
        {
            lock (_gate)
                return _timers.Count;
        }
    }

    /// <summary>Monotonic time of the next due timer since the start; null when no timer waits.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_gate)
                return _timers.Count == 0 ? null : new TimeSpan(_timers.Min(timer => timer.DueTicks));
        }
    }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start.AddTicks(Interlocked.Read(ref _elapsedTicks) + Interlocked.Read(ref _wallClockOffsetTicks));

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _elapsedTicks);

    /// <summary>Lets time pass and fires what falls due on the way, also timers that callbacks start meanwhile.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative: the monotonic clock never goes back.</exception>
    /// <exception cref="InvalidOperationException">Another advance is under way (a callback must not advance).</exception>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long target;
        lock (_gate)
        {
            if (_advancing)
                throw new InvalidOperationException("The clock is being advanced already.");
            _advancing = true;
            target = _elapsedTicks + by.Ticks;
        }
        try
        {
            while (TakeDue(target) is { } due)
                due.Fire();
        }
        finally
        {
            lock (_gate)
            {
                Interlocked.Exchange(ref _elapsedTicks, target);
                _advancing = false;
            }
        }
    }

    /// <summary>Moves the wall clock alone, either way, as an administrator or NTP does. Timers and timestamps do not feel it.</summary>
    public void JumpWallClock(TimeSpan by) => Interlocked.Add(ref _wallClockOffsetTicks, by.Ticks);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            var next = _timers.Where(timer => timer.DueTicks <= target).MinBy(timer => (timer.DueTicks, timer.Sequence));
            if (next is null)
                return null;
            Interlocked.Exchange(ref _elapsedTicks, Math.Max(_elapsedTicks, next.DueTicks));
            if (next.PeriodTicks > 0)
                next.DueTicks += next.PeriodTicks;
            else
                _timers.Remove(next);
            return next;
        }
    }

    private void Schedule(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        // As the real one: a timer counts milliseconds in 32 bits.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dueTime, TimeSpan.FromMilliseconds(uint.MaxValue - 1));
        lock (_gate)
        {
            _timers.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan || timer.IsDisposed)
                return;
            timer.Sequence = ++_sequence;
            timer.DueTicks = _elapsedTicks + dueTime.Ticks;
            timer.PeriodTicks = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
            _timers.Add(timer);
        }
    }

    private void Remove(ManualTimer timer)
    {
        lock (_gate)
        {
            timer.IsDisposed = true;
            _timers.Remove(timer);
        }
    }

    /// <summary>Its mutable fields belong to the provider and are touched under its lock.</summary>
    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        public long DueTicks { get; set; }

        public long PeriodTicks { get; set; }

        public long Sequence { get; set; }

        public bool IsDisposed { get; set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (IsDisposed)
                return false;
            owner.Schedule(this, dueTime, period);
            return true;
        }

        public void Dispose() => owner.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
