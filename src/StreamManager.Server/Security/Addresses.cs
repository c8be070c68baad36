using System.Net;

namespace StreamManager.Server.Security;

/// <summary>Peers' addresses.</summary>
internal static class Addresses
{
    /// <summary>The address as text without port, IPv4 also where it came in as IPv6; empty when unknown.</summary>
    public static string Text(EndPoint? endPoint) => endPoint is IPEndPoint ip ? Text(ip.Address) : "";

    /// <summary>The same for an address.</summary>
    public static string Text(IPAddress? address) => address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    /// <summary>Is it this machine?</summary>
    public static bool IsLoopback(string address) => IPAddress.TryParse(address, out var parsed) && IPAddress.IsLoopback(parsed);
}
