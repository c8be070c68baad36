using Xunit;

namespace StreamManager.TestKit.Tests;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void Timers_DueInOneAdvance_FireInOrderOfDueTimeThenCreation()
    {
        using var late = Timer("late", 20);
        using var early = Timer("early", 10);
        using var alsoEarly = Timer("alsoEarly", 10);

        _time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(["early at 10", "alsoEarly at 10", "late at 20"], _fired);
    }

    [Fact]
    public void PeriodicTimer_AdvancedOverManyPeriods_FiresOncePerPeriodAtItsTime()
    {
        using var timer = Timer("tick", 5, period: 10);

        _time.Advance(TimeSpan.FromSeconds(26));

        Assert.Equal(["tick at 5", "tick at 15", "tick at 25"], _fired);
        Assert.Equal(TimeSpan.FromSeconds(35), _time.NextDue);
    }

    [Fact]
    public void Timer_StartedByACallback_FiresInTheSameAdvance()
    {
        using var outer = _time.CreateTimer(_ => Timer("inner", 3), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["inner at 4"], _fired);
    }

    [Fact]
    public void Timer_ChangedOrDisposed_DoesNotFireAtItsOldTime()
    {
        using var changed = Timer("changed", 5);
        var disposed = Timer("disposed", 5);
        changed.Change(TimeSpan.FromSeconds(8), Timeout.InfiniteTimeSpan);
        disposed.Dispose();

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(["changed at 8"], _fired);
        Assert.False(disposed.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        Assert.Equal(0, _time.ActiveTimers);
    }

    [Fact]
    public async Task Delay_OfFiftyDays_CompletesWhenTheClockGetsThere()
    {
        var delay = Task.Delay(TimeSpan.FromDays(49.5), _time, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromDays(49));
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromDays(1));
        await delay;
        Assert.Equal(TimeSpan.FromDays(50), _time.Elapsed);
        Assert.Equal(TimeSpan.FromDays(50), _time.GetElapsedTime(0));
    }

    [Fact]
    public void JumpWallClock_Backwards_LeavesTimestampsAndTimersAlone()
    {
        using var timer = Timer("tick", 5);
        var before = _time.GetUtcNow();
        _time.JumpWallClock(TimeSpan.FromHours(-1));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(before.AddHours(-1).AddSeconds(5), _time.GetUtcNow());
        Assert.Equal(["tick at 5"], _fired);
    }

    private ITimer Timer(string name, int dueSeconds, int? period = null) => _time.CreateTimer(
        _ => _fired.Add($"{name} at {_time.Elapsed.TotalSeconds:0}"), null, TimeSpan.FromSeconds(dueSeconds),
        period is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan);
}
