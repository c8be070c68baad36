using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace StreamManager.Server.Api;

/// <summary>
/// ETags of what two people may edit at the same time (RFC 9110, 8.8.3): made of what can be edited, so that two servers, and one before and after a restart, give the same.
/// </summary>
internal static class EntityTag
{
    private const int Bytes = 12;

    /// <summary>The tag of a thing, with its quotes.</summary>
    public static string Of<T>(T value, JsonTypeInfo<T> type) =>
        $"\"{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(value, type)).AsSpan(0, Bytes))}\"";

    /// <summary>The tag of a record that the store has in this version.</summary>
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"v{version}\"");

    /// <summary>Does a change that was asked for still fit? Without <c>If-Match</c> it always does.</summary>
    public static bool IsCurrent(HttpRequest request, string tag)
    {
        var wanted = request.Headers.IfMatch;
        return wanted.Count == 0 || wanted.SelectMany(line => (line ?? "").Split(',')).Select(part => part.Trim()).Any(part => part == "*" || part == tag);
    }
}
