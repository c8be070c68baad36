namespace StreamManager.Server.Monitoring;

/// <summary>An entry of the log.</summary>
/// <param name="Number">Counts up; a gap is what was pushed out.</param>
/// <param name="Time">When.</param>
/// <param name="Level">How bad.</param>
/// <param name="Category">Which part of the server said it.</param>
/// <param name="Message">What.</param>
/// <param name="Exception">Type and message of the exception; null: there was none.</param>
internal sealed record LogEntry(long Number, DateTimeOffset Time, LogLevel Level, string Category, string Message, string? Exception);

/// <summary>Keeps the newest entries of the log in memory, for who cannot see the server's output. Thread-safe. The log has no secrets, so neither has this.</summary>
internal sealed class LogTail(TimeProvider time) : ILoggerProvider
{
    /// <summary>Entries that are kept: some 300 KB, and an hour or a day of what is worth reading.</summary>
    public const int MostEntries = 1_000;

    /// <summary>Characters of a message; the output has all of it.</summary>
    private const int LongestMessage = 2_000;

    private readonly Lock _gate = new();
    private readonly Queue<LogEntry> _entries = new();
    private long _number;

    /// <summary>What is kept of this level and above, after an entry, oldest first.</summary>
    public IReadOnlyList<LogEntry> Read(LogLevel level, long after)
    {
        lock (_gate)
            return [.. _entries.Where(entry => entry.Level >= level && entry.Number > after)];
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Sink(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void Add(LogLevel level, string category, string message, Exception? exception)
    {
        lock (_gate)
        {
            _entries.Enqueue(new LogEntry(++_number, time.GetUtcNow(), level, category, Cut(message), exception is null ? null : Cut($"{exception.GetType().Name}: {exception.Message}")));
            if (_entries.Count > MostEntries)
                _entries.Dequeue();
        }
    }

    private static string Cut(string text) => text.Length > LongestMessage ? text[..LongestMessage] + "…" : text;

    private sealed class Sink(LogTail tail, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        // Below that nobody reads, and it would push out what somebody looks for.
        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                tail.Add(logLevel, category, formatter(state, exception), exception);
        }
    }
}
