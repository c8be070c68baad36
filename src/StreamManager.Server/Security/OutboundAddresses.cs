using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using StreamManager.Server.Keys;

namespace StreamManager.Server.Security;

/// <summary>Which addresses the server may connect to on behalf of somebody who gave it a URL. Pure.</summary>
internal static class OutboundAddresses
{
    // IANA's registry of special-purpose IPv4 addresses, multicast and the reserved end; last, an address of Azure's machines with their settings, public by its form.
    private static readonly AddressRange[] SpecialIpv4 = Ranges(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16");

    // All that is in use of IPv6 is below this, and of that the registry's special parts are not: Teredo and 6to4 among them, since an IPv4 address is inside.
    private static readonly AddressRange GlobalIpv6 = Range("2000::/3");

    private static readonly AddressRange[] SpecialIpv6 = Ranges("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    // The usual prefix of gateways from IPv6 to IPv4 (RFC 6052): what counts is the address behind it.
    private static readonly AddressRange Translated = Range("64:ff9b::/96");

    private static readonly AddressRange[] Private = Ranges("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7");

    // Where clouds give their machines passwords, in ranges that are private else (Alibaba, AWS). The link-local one is never allowed anyway.
    private static readonly AddressRange[] Metadata = Ranges("100.100.100.200", "fd00:ec2::254");

    /// <summary>May the server connect to it?</summary>
    /// <param name="address">The address, as it was resolved.</param>
    /// <param name="allowPrivate">This machine and private networks are allowed too. Link-local, metadata, multicast and unspecified addresses never are.</param>
    public static bool IsAllowed(IPAddress address, bool allowPrivate)
    {
        // No name resolves to an IPv4 address in IPv6's clothes, unless somebody wants to pass by a check.
        if (address.IsIPv4MappedToIPv6)
            return false;
        if (allowPrivate && IsIn(Private, address))
            return !IsIn(Metadata, address);
        if (address.AddressFamily is AddressFamily.InterNetwork)
            return !IsIn(SpecialIpv4, address);
        if (Translated.Contains(address))
            return !IsIn(SpecialIpv4, Inner(address));
        return address.ScopeId == 0 && GlobalIpv6.Contains(address) && !IsIn(SpecialIpv6, address);
    }

    private static IPAddress Inner(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return new IPAddress(BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
    }

    private static bool IsIn(AddressRange[] ranges, IPAddress address) => Array.Exists(ranges, range => range.Contains(address));

    private static AddressRange[] Ranges(params string[] texts) => Array.ConvertAll(texts, Range);

    private static AddressRange Range(string text) => AddressRange.TryParse(text, out var range, out var error) ? range : throw new ArgumentException(error, nameof(text));
}
