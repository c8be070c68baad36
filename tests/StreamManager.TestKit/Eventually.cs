namespace StreamManager.TestKit;

/// <summary>Waits for a state instead of sleeping. The time-out is a generous upper bound that only a failing test ever reaches.</summary>
public static class Eventually
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>The time-out where a test names none: long enough for a machine that is busy with other builds.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Completes when <paramref name="condition"/> has become true.</summary>
    /// <exception cref="TimeoutException">It did not; the message carries what <paramref name="describe"/> says about the state at the end.</exception>
    public static Task TrueAsync(Func<bool> condition, TimeSpan? timeout = null, Func<string>? describe = null) =>
        TrueAsync(() => Task.FromResult(condition()), timeout, describe);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?, Func{string}?)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? timeout = null, Func<string>? describe = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var limit = timeout ?? DefaultTimeout;
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > limit)
                throw new TimeoutException($"Not within {limit.TotalSeconds:0.#} s: {describe?.Invoke() ?? "the condition stayed false"}");
            await Task.Delay(PollInterval);
        }
    }

    /// <summary>Waits until <paramref name="probe"/> yields something other than null, and returns it.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public static async Task<T> NotNullAsync<T>(Func<T?> probe, TimeSpan? timeout = null, Func<string>? describe = null)
        where T : class
    {
        T? found = null;
        await TrueAsync(() => (found = probe()) is not null, timeout, describe);
        return found!;
    }
}
