using System.Net;
using System.Net.Sockets;

namespace StreamManager.Rtmp.Server;

/// <summary>
/// Slows down an address that guesses keys: each wrong one doubles the time until the answer. Who has the right key never waits, also behind the same address.
/// IPv6 counts per /64, which is what one customer gets. Thread-safe.
/// </summary>
public sealed class RefusalThrottle
{
    /// <summary>Wrong keys answered at once: a person who mistypes is not punished.</summary>
    public const int FreeFailures = 3;

    /// <summary>Addresses remembered; beyond it the one that failed longest ago is forgotten. 4,096 entries are below 1 MB.</summary>
    public const int MaxAddresses = 4096;

    /// <summary>First delay after the free ones.</summary>
    public static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>Longest delay: encoders give up waiting for an answer at 15 to 30 s.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(10);

    /// <summary>An address without a failure for this long is forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    // In the order of the last failure, oldest first.
    private readonly LinkedList<Entry> _byAge = [];

    /// <summary>Creates an empty table.</summary>
    public RefusalThrottle(TimeProvider time) => _time = time;

    /// <summary>Addresses remembered now.</summary>
    internal int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Counts a wrong key from <paramref name="remoteAddress"/> and says how long to wait before it is answered.</summary>
    public TimeSpan RecordFailure(string remoteAddress)
    {
        var key = AddressKey(remoteAddress);
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            while (_byAge.First is { } oldest && (_time.GetElapsedTime(oldest.Value.LastFailure, now) >= Memory
                || (_entries.Count >= MaxAddresses && !_entries.ContainsKey(key))))
            {
                _byAge.RemoveFirst();
                _entries.Remove(oldest.Value.Key);
            }

            if (_entries.TryGetValue(key, out var node))
                _byAge.Remove(node);
            else
                _entries[key] = node = new LinkedListNode<Entry>(new Entry(key));
            node.Value.Failures++;
            node.Value.LastFailure = now;
            _byAge.AddLast(node);
            return Delay(node.Value.Failures);
        }
    }

    /// <summary>What an address is counted under: itself, or its /64; IPv4 that came in as IPv6 as IPv4. What is no address counts as it is.</summary>
    public static string AddressKey(string remoteAddress)
    {
        if (!IPAddress.TryParse(remoteAddress, out var address))
            return remoteAddress;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return address.ToString();
        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8));
    }

    private static TimeSpan Delay(int failures)
    {
        if (failures <= FreeFailures)
            return TimeSpan.Zero;
        var doublings = Math.Min(failures - FreeFailures - 1, 10);
        var delay = FirstDelay * (1 << doublings);
        return delay < MaxDelay ? delay : MaxDelay;
    }

    private sealed class Entry(string key)
    {
        public string Key { get; } = key;

        public int Failures { get; set; }

        public long LastFailure { get; set; }
    }
}
