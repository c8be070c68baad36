using StreamManager.Engine.Channels;

namespace StreamManager.Server.Monitoring;

/// <summary>Sees whether the program loops of the channels turn: each is asked for a sign of life, and has some time to give it. Thread-safe.</summary>
internal sealed class LoopWatch
{
    /// <summary>A loop turns many times a second; viewers have seen a stand-still long before this, and an orchestrator's own timeout is longer (10 s is usual).</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Watched[] _watched;
    private readonly TimeProvider _time;

    /// <summary>Watches the loops of <paramref name="channels"/>.</summary>
    public LoopWatch(IEnumerable<Channel> channels, TimeProvider time)
        : this(channels.Select(channel => (channel.Id, (Func<Task>)channel.TurnAsync)), time)
    {
    }

    /// <summary>Watches anything that can give a sign of life.</summary>
    internal LoopWatch(IEnumerable<(string Channel, Func<Task> Turn)> loops, TimeProvider time)
    {
        _watched = [.. loops.Select(loop => new Watched(loop.Channel, loop.Turn))];
        _time = time;
    }

    /// <summary>Which loops stand still; null: none.</summary>
    public async Task<string?> FindProblemAsync()
    {
        var signs = _watched.Select(watched => watched.SignOfLife()).ToArray();
        try
        {
            await Task.WhenAll(signs).WaitAsync(Patience, _time);
            return null;
        }
        catch (TimeoutException)
        {
            var still = _watched.Where((_, index) => !signs[index].IsCompleted).Select(watched => watched.Channel).ToArray();
            return still.Length == 0 ? null : $"the program of channel {string.Join(", ", still)} stands still";
        }
    }

    /// <summary>A loop. There is never more than one question to it under way, however often somebody asks.</summary>
    private sealed class Watched(string channel, Func<Task> turn)
    {
        private readonly Lock _lock = new();
        private Task _sign = Task.CompletedTask;

        public string Channel { get; } = channel;

        public Task SignOfLife()
        {
            lock (_lock)
                return _sign = _sign.IsCompleted ? turn() : _sign;
        }
    }
}
