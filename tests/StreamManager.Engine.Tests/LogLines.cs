using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace StreamManager.Engine.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class LogLines : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<IReadOnlyList<KeyValuePair<string, object?>>> _lines = new();

    /// <summary>The values of one name in all lines that have it, in order.</summary>
    public List<T> ValuesOf<T>(string name) => [.. _lines.SelectMany(line => line).Where(value => value.Key == name).Select(value => value.Value).OfType<T>()];

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
            _lines.Enqueue([.. values]);
    }
}
