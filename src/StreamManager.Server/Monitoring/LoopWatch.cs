using StreamManager.Engine.Channels;

namespace StreamManager.Server.Monitoring;

/// <summary>A program loop: the channel that it belongs to, and how it gives a sign of life.</summary>
internal readonly record struct WatchedLoop(string Channel, Func<Task> TurnAsync);

/// <summary>Sees whether the program loops of the channels turn: each is asked for a sign of life, and has some time to give it. Thread-safe.</summary>
/// <param name="loops">The loops there are now.</param>
/// <param name="time">For the patience.</param>
internal sealed class LoopWatch(Func<IEnumerable<WatchedLoop>> loops, TimeProvider time)
{
    /// <summary>A loop turns many times a second; viewers have seen a stand-still long before this, and an orchestrator's own timeout is longer (10 s is usual).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private Dictionary<string, Task> _signs = new(StringComparer.Ordinal);

    /// <summary>Watches the loops of <paramref name="channels"/>.</summary>
    public LoopWatch(Func<IEnumerable<Channel>> channels, TimeProvider time)
        : this(() => channels().Select(channel => new WatchedLoop(channel.Id, channel.TurnAsync)), time)
    {
    }

    /// <summary>Which loops stand still; null: none.</summary>
    public async Task<string?> FindProblemAsync()
    {
        Dictionary<string, Task> signs;
        lock (_lock)
        {
            // There is never more than one question to a loop under way, however often somebody asks.
            signs = _signs = loops().ToDictionary(
                loop => loop.Channel, loop => _signs.GetValueOrDefault(loop.Channel) is { IsCompleted: false } asked ? asked : loop.TurnAsync(), StringComparer.Ordinal);
        }

        // Faulted is a sign of life, too; its fault is told elsewhere.
        await Task.WhenAll(signs.Values).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var still = signs.Where(sign => !sign.Value.IsCompleted).Select(sign => sign.Key).ToArray();
        return still.Length == 0 ? null : $"the program of channel {string.Join(", ", still)} stands still";
    }
}
