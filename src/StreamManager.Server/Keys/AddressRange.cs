using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace StreamManager.Server.Keys;

/// <summary>
/// Addresses that begin with the same bits: <c>203.0.113.7</c>, <c>203.0.113.0/24</c>, <c>2001:db8::/32</c>. IPv4 that came in as IPv6 (<c>::ffff:203.0.113.7</c>) is IPv4, in a range
/// and in an address; <c>::/0</c> is every IPv6 address and no IPv4 address.
/// </summary>
internal readonly record struct AddressRange
{
    private const int MappedBits = 96;

    private readonly UInt128 _network;
    private readonly int _length;
    private readonly bool _isIpv4;

    private AddressRange(UInt128 network, int length, bool isIpv4) => (_network, _length, _isIpv4) = (network, length, isIpv4);

    /// <summary>Reads a range. False: <paramref name="error"/> says what is wrong and, where it is clear, what was meant.</summary>
    public static bool TryParse(string text, out AddressRange range, [NotNullWhen(false)] out string? error)
    {
        range = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var addressText = slash < 0 ? text : text[..slash];
        if (!TryParseAddress(addressText, out var address))
        {
            error = "must be an IPv4 or IPv6 address, or a range such as 203.0.113.0/24 or 2001:db8::/32";
            return false;
        }

        var isMapped = address.IsIPv4MappedToIPv6;
        var isIpv4 = isMapped || address.AddressFamily is AddressFamily.InterNetwork;
        var longest = address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128;
        var length = longest;
        if (slash >= 0 && (!TryParseLength(text.AsSpan(slash + 1), out length) || length > longest))
        {
            error = $"must have a prefix length from 0 to {longest} after the slash";
            return false;
        }

        if (isMapped && length < MappedBits)
        {
            error = "covers more than the IPv4 addresses inside IPv6; write an IPv4 range in its own form, such as 203.0.113.0/24";
            return false;
        }

        var bits = Bits(address);
        length = longest == 32 ? length + MappedBits : length;
        var network = bits & Mask(length);
        if (network != bits)
        {
            error = $"has bits beyond its prefix; the range is {Text(network, length, isIpv4)}";
            return false;
        }

        range = new AddressRange(network, length, isIpv4);
        error = null;
        return true;
    }

    /// <summary>Is the address in the range?</summary>
    public bool Contains(IPAddress address) =>
        (address.AddressFamily is AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6) == _isIpv4 && (Bits(address) & Mask(_length)) == _network;

    /// <summary>Is it every IPv4 or every IPv6 address?</summary>
    public bool IsEverybody => _length == (_isIpv4 ? MappedBits : 0);

    /// <summary>The same for the framework; IPv4 as IPv4.</summary>
    public IPNetwork ToNetwork()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _network);
        return _isIpv4 ? new IPNetwork(new IPAddress(bytes[12..]), _length - MappedBits) : new IPNetwork(new IPAddress(bytes), _length);
    }

    /// <summary>As it is written: an address without a slash when it is one address.</summary>
    public override string ToString() => Text(_network, _length, _isIpv4);

    private static string Text(UInt128 network, int length, bool isIpv4)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, network);
        var address = isIpv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes);
        return length == 128 ? address.ToString() : $"{address}/{(isIpv4 ? length - MappedBits : length)}";
    }

    /// <summary>All 128 bits; IPv4 in the form that is mapped into IPv6.</summary>
    private static UInt128 Bits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily is AddressFamily.InterNetwork)
        {
            bytes[10] = bytes[11] = 0xFF;
            address.TryWriteBytes(bytes[12..], out _);
        }
        else
        {
            address.TryWriteBytes(bytes, out _);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    private static UInt128 Mask(int length) => length == 0 ? UInt128.Zero : UInt128.MaxValue << (128 - length);

    /// <summary>The platform also reads 1, 0x7f.1, 010.0.0.1, [::1]:80 and fe80::1%3, each of which means something else to somebody.</summary>
    private static bool TryParseAddress(string text, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(text, out address)
        && (address.AddressFamily is AddressFamily.InterNetwork ? address.ToString() == text : !text.AsSpan().ContainsAny("[]%"));

    private static bool TryParseLength(ReadOnlySpan<char> text, out int length)
    {
        length = 0;
        return text.Length is > 0 and <= 3 && !text.ContainsAnyExceptInRange('0', '9') && (text.Length == 1 || text[0] != '0')
            && int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out length);
    }
}

/// <summary>Addresses that only machines nearby can have: this machine, its network.</summary>
internal static class NearbyAddresses
{
    // RFC 1122 and 4291 (loopback), RFC 1918 (private), RFC 3927 and 4291 (link-local), RFC 4193 (unique local). Not 100.64.0.0/10: behind a carrier's gateway sit strangers.
    private static readonly AddressRange[] Ranges =
        [.. Array.ConvertAll(["127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fe80::/10", "fc00::/7"], Range)];

    /// <summary>Is it one of them? An unknown address (null) is not.</summary>
    public static bool Contains(IPAddress? address)
    {
        if (address is null)
            return false;
        foreach (var range in Ranges)
        {
            if (range.Contains(address))
                return true;
        }

        return false;
    }

    private static AddressRange Range(string text) => AddressRange.TryParse(text, out var range, out var error) ? range : throw new ArgumentException(error, nameof(text));
}
