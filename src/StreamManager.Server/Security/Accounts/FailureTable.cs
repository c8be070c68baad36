namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Counts failures by some key and says how long the next try must wait: after a few free ones longer each time, up to a limit. Bounded; what has not failed for a while is forgotten.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="freeFailures">Failures after which there is no wait yet.</param>
/// <param name="longestWait">The wait doubles from one second up to this.</param>
internal sealed class FailureTable(TimeProvider time, int freeFailures, TimeSpan longestWait)
{
    /// <summary>Keys remembered; beyond it the one that failed longest ago is forgotten. Below 1 MB.</summary>
    public const int MostKeys = 4_096;

    /// <summary>A key without a failure for this long is forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);

    // In the order of the last failure, oldest first.
    private readonly LinkedList<Entry> _byAge = [];

    /// <summary>Keys remembered now.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>How long until the next try is allowed; zero: now.</summary>
    public TimeSpan WaitOf(string key)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var node))
                return TimeSpan.Zero;
            var left = WaitAfter(node.Value.Failures) - time.GetElapsedTime(node.Value.LastFailure, now);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Counts a failure.</summary>
    public void Add(string key)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (_byAge.First is { } oldest && (time.GetElapsedTime(oldest.Value.LastFailure, now) >= Memory || (_entries.Count >= MostKeys && !_entries.ContainsKey(key))))
                Remove(oldest);
            if (_entries.TryGetValue(key, out var node))
                _byAge.Remove(node);
            else
                _entries[key] = node = new LinkedListNode<Entry>(new Entry(key));
            node.Value.Failures++;
            node.Value.LastFailure = now;
            _byAge.AddLast(node);
        }
    }

    /// <summary>Takes a failure back that was none.</summary>
    public void TakeBack(string key)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node) && --node.Value.Failures <= 0)
                Remove(node);
        }
    }

    /// <summary>Forgets a key.</summary>
    public void Forget(string key)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var node))
                Remove(node);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byAge.Remove(node);
        _entries.Remove(node.Value.Key);
    }

    private TimeSpan WaitAfter(int failures)
    {
        if (failures < freeFailures)
            return TimeSpan.Zero;
        var wait = FirstWait * (1 << Math.Min(failures - freeFailures, 16));
        return wait < longestWait ? wait : longestWait;
    }

    private sealed class Entry(string key)
    {
        public string Key { get; } = key;

        public int Failures { get; set; }

        public long LastFailure { get; set; }
    }
}
