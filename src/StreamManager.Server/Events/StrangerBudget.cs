using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Events;

/// <summary>
/// How many connections of peers that nobody knows yet are told of: everybody can make thousands a minute, and events go into a journal and to listeners that have bounds. Thread-safe.
/// </summary>
internal sealed class StrangerBudget(TimeProvider time)
{
    /// <summary>Told at once from one address (IPv6: a /64): an office whose encoders, players and probes all begin together.</summary>
    internal const int PerAddress = 10;

    /// <summary>Told at once from all addresses.</summary>
    internal const int Together = 100;

    /// <summary>So long until an address may have another one: ten a minute are enough to see an encoder that tries and fails.</summary>
    internal static readonly TimeSpan AddressInterval = TimeSpan.FromSeconds(6);

    /// <summary>So long until another one of anybody is told: with three events each, the 100,000 that are kept by default last for nine hours of a storm.</summary>
    internal static readonly TimeSpan TogetherInterval = TimeSpan.FromSeconds(1);

    /// <summary>Addresses remembered before those that have all of theirs again are forgotten. Never more than 160 have not: that many are told in the minute that it takes.</summary>
    private const int MostAddresses = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Bucket> _addresses = new(StringComparer.Ordinal);
    private Bucket _together = new(Together, time.GetTimestamp());

    /// <summary>Takes one. False: do not tell of this connection.</summary>
    /// <param name="remoteAddress">Whose it is.</param>
    public bool TryTake(string remoteAddress)
    {
        var key = RefusalThrottle.AddressKey(remoteAddress);
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _together = Refill(_together, Together, TogetherInterval, now);
            var own = _addresses.TryGetValue(key, out var bucket) ? Refill(bucket, PerAddress, AddressInterval, now) : new Bucket(PerAddress, now);
            // One address alone does not use up what is for all, and is remembered only with something that it got.
            if (own.Left < 1 || _together.Left < 1)
                return false;
            if (_addresses.Count >= MostAddresses)
                Forget(now);
            _together = _together with { Left = _together.Left - 1 };
            _addresses[key] = own with { Left = own.Left - 1 };
            return true;
        }
    }

    private void Forget(long now)
    {
        foreach (var (key, bucket) in _addresses)
        {
            if (Refill(bucket, PerAddress, AddressInterval, now).Left >= PerAddress)
                _addresses.Remove(key);
        }
    }

    private Bucket Refill(Bucket bucket, int most, TimeSpan interval, long now) =>
        new(Math.Min(most, bucket.Left + (time.GetElapsedTime(bucket.At, now) / interval)), now);

    private readonly record struct Bucket(double Left, long At);
}
