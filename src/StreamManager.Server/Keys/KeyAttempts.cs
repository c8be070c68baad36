using System.Diagnostics.Metrics;
using System.Net;
using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Keys;

/// <summary>
/// Addresses that try keys. The growing delay is the session's own (<see cref="RefusalThrottle"/>); here an address that goes on is banned for a while. A ban ends by itself, and a
/// whole key is looked at nevertheless: 32 random bytes cannot be guessed, and a studio behind the same address must get in. Names can be guessed; they are not looked at. Thread-safe.
/// </summary>
internal sealed class KeyAttempts(TimeProvider time)
{
    /// <summary>Wrong keys within <see cref="Window"/> that lead to a ban. An encoder left alone with a mistyped key, which the delay slows to one try in ten seconds, reaches it in three minutes.</summary>
    public const int MostFailures = 20;

    /// <summary>Addresses remembered; beyond it the one whose first wrong key is oldest is forgotten. Below 1 MB.</summary>
    public const int MostAddresses = RefusalThrottle.MaxAddresses;

    /// <summary>Wrong keys are counted together for so long.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    /// <summary>How long a ban lasts: at 20 tries and then a quarter of an hour, a list of a thousand common names takes more than half a day.</summary>
    public static readonly TimeSpan BanLength = TimeSpan.FromMinutes(15);

    private static readonly Meter Meter = new("StreamManager.Keys");
    private static readonly Counter<long> Bans = Meter.CreateCounter<long>("rtmp_address_bans_total", description: "Addresses that were banned for a while because of wrong stream keys.");
    private static readonly Gauge<int> Banned = Meter.CreateGauge<int>("rtmp_addresses_banned", description: "Addresses that are banned now because of wrong stream keys.");

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);

    // In the order of the first failure or the ban, oldest first.
    private readonly LinkedList<Entry> _byAge = [];

    /// <summary>Addresses remembered now.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Is the address banned?</summary>
    public bool IsBanned(string address)
    {
        lock (_lock)
            return _entries.TryGetValue(RefusalThrottle.AddressKey(address), out var node) && node.Value.IsBanned && !HasEnded(node.Value, time.GetTimestamp());
    }

    /// <summary>Counts a wrong key. True: that was one too many, and the address is banned from now on.</summary>
    public bool RecordFailure(string address)
    {
        // Behind a proxy on this machine everybody has its address.
        if (IPAddress.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed))
            return false;
        var key = RefusalThrottle.AddressKey(address);
        var now = time.GetTimestamp();
        lock (_lock)
        {
            Forget(now, key);
            if (!_entries.TryGetValue(key, out var node))
                _entries[key] = node = _byAge.AddLast(new Entry(key, now));
            if (node.Value.IsBanned || ++node.Value.Failures < MostFailures)
                return false;
            node.Value.IsBanned = true;
            node.Value.Since = now;
            _byAge.Remove(node);
            _byAge.AddLast(node);
        }

        Bans.Add(1);
        return true;
    }

    /// <summary>Brings the gauge up to date: a ban ends without anybody doing anything.</summary>
    public void Report()
    {
        var now = time.GetTimestamp();
        int banned;
        lock (_lock)
            banned = _byAge.Count(entry => entry.IsBanned && !HasEnded(entry, now));
        Banned.Record(banned);
    }

    private bool HasEnded(Entry entry, long now) => time.GetElapsedTime(entry.Since, now) >= (entry.IsBanned ? BanLength : Window);

    private void Forget(long now, string wanted)
    {
        // A ban lasts longer than a window, so what has ended may stand behind one that has not: only this address's own must be exact.
        if (_entries.TryGetValue(wanted, out var own) && HasEnded(own.Value, now))
            Remove(own);
        while (_byAge.First is { } oldest && (HasEnded(oldest.Value, now) || (_entries.Count >= MostAddresses && !_entries.ContainsKey(wanted))))
            Remove(oldest);
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byAge.Remove(node);
    }

    private sealed class Entry(string key, long since)
    {
        public string Key { get; } = key;

        /// <summary>The first failure, or the begin of the ban.</summary>
        public long Since { get; set; } = since;

        public int Failures { get; set; }

        public bool IsBanned { get; set; }
    }
}
