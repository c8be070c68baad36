using System.Collections.Immutable;
using System.Net;
using StreamManager.Server.Keys;

namespace StreamManager.Server.Security;

/// <summary>
/// Machines that ask for others. What they say of whom they ask for is believed; their own address says nothing of who is behind it, so that it is neither "this machine" nor "nearby". Immutable,
/// compared by value.
/// </summary>
internal sealed class TrustedProxies : IEquatable<TrustedProxies>
{
    /// <summary>Entries: the published ranges of the largest content networks are two dozen.</summary>
    public const int MostEntries = 64;

    private readonly ImmutableArray<AddressRange> _ranges;

    private TrustedProxies(ImmutableArray<AddressRange> ranges) => _ranges = ranges;

    /// <summary>Nobody is believed.</summary>
    public static TrustedProxies None { get; } = new([]);

    /// <summary>Is nobody believed?</summary>
    public bool IsEmpty => _ranges.IsEmpty;

    /// <summary>The same for the framework.</summary>
    public IEnumerable<IPNetwork> Networks => _ranges.Select(range => range.ToNetwork());

    /// <summary>Reads addresses and ranges with commas between. False: one is none, is everybody, or there are too many.</summary>
    public static bool TryParse(string text, out TrustedProxies proxies)
    {
        proxies = None;
        var entries = text.Split(',', StringSplitOptions.TrimEntries);
        if (entries.Length > MostEntries)
            return false;
        var ranges = ImmutableArray.CreateBuilder<AddressRange>(entries.Length);
        foreach (var entry in entries)
        {
            // Who believes everybody believes whoever invents an address.
            if (!AddressRange.TryParse(entry, out var range, out _) || range.IsEverybody)
                return false;
            ranges.Add(range);
        }

        proxies = new TrustedProxies(ranges.MoveToImmutable());
        return true;
    }

    /// <summary>Is it one of them? An unknown address (null) is not.</summary>
    public bool Contains(IPAddress? address)
    {
        if (address is null)
            return false;
        foreach (var range in _ranges)
        {
            if (range.Contains(address))
                return true;
        }

        return false;
    }

    /// <summary>The same for a text.</summary>
    public bool Contains(string address) => !IsEmpty && IPAddress.TryParse(address, out var parsed) && Contains(parsed);

    /// <inheritdoc/>
    public bool Equals(TrustedProxies? other) => other is not null && _ranges.SequenceEqual(other._ranges);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TrustedProxies);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", _ranges);
}
