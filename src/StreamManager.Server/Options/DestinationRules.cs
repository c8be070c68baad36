using System.Collections.Frozen;
using StreamManager.Rtmp.Client;
using StreamManager.Server.Security;

namespace StreamManager.Server.Options;

/// <summary>What a destination may look like, whether it comes from <c>config.yml</c>, the environment or the API.</summary>
internal static class DestinationRules
{
    /// <summary>Longest name of a destination: what a dashboard's row shows.</summary>
    public const int NameLength = 100;

    /// <summary>Longest stream key: Facebook's, the longest in use, have about 150 characters.</summary>
    public const int StreamKeyLength = 1024;

    /// <summary>Longest address.</summary>
    public const int UrlLength = 2048;

    /// <summary>Longest address for viewers: what browsers and proxies all take, and no platform's own comes near it.</summary>
    public const int PlaybackUrlLength = 2048;

    /// <summary>What is said about a wrong address.</summary>
    public const string UrlAllowed = "an rtmp:// or rtmps:// address with host and app, for example rtmp://live.example.net/app";

    /// <summary>The platforms that a destination may name.</summary>
    public static FrozenSet<string> Platforms { get; } =
        FrozenSet.ToFrozenSet(["custom", "youtube", "twitch", "facebook", "x", "kick", "cloudflare"], StringComparer.Ordinal);

    /// <summary>What is said about a wrong platform.</summary>
    public static string PlatformAllowed { get; } = "custom | youtube | twitch | facebook | x | kick | cloudflare";

    /// <summary>The grammar of names.</summary>
    public static SettingType<string> Name { get; } = new($"1 to {NameLength} characters without line breaks", TryName);

    /// <summary>The grammar of addresses. They may hold a key in their path, so of a wrong one only scheme and host are repeated.</summary>
    public static SettingType<string> Url { get; } = new(UrlAllowed, TryUrl, IsSecret: true, SchemeAndHost);

    /// <summary>The grammar of platforms.</summary>
    public static SettingType<string> Platform { get; } = new(PlatformAllowed, TryPlatform);

    /// <summary>The grammar of addresses for viewers; empty: none. A wrong one is not repeated, since it may have a password.</summary>
    public static SettingType<string> PlaybackUrl { get; } =
        new($"an http:// or https:// address without user and password, at most {PlaybackUrlLength} characters", TryPlaybackUrl, IsSecret: true, text => TryPlaybackUrl(text, out _) ? text : Secret.Mask);

    /// <summary>The grammar of stream keys.</summary>
    public static SettingType<string> StreamKey { get; } = new($"at most {StreamKeyLength} characters without spaces and line breaks", TryStreamKey, IsSecret: true);

    /// <summary>
    /// An id made of a name: lower-case letters and digits with single dashes. Never empty: a name without any of them gives <c>destination</c>.
    /// </summary>
    public static string Slug(string name)
    {
        var characters = name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-').ToArray();
        var slug = string.Join('-', new string(characters).Split('-', StringSplitOptions.RemoveEmptyEntries));
        return slug.Length switch { 0 => "destination", > 60 => slug[..60].TrimEnd('-'), _ => slug };
    }

    private static bool TryName(string text, out string value)
    {
        value = text.Trim();
        return value.Length is > 0 and <= NameLength && !value.Any(char.IsControl);
    }

    private static bool TryPlatform(string text, out string value)
    {
        value = text.ToLowerInvariant();
        return Platforms.Contains(value);
    }

    private static bool TryStreamKey(string text, out string value)
    {
        value = text;
        return text.Length <= StreamKeyLength && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
    }

    private static bool TryPlaybackUrl(string text, out string value)
    {
        value = text;
        if (text.Length == 0)
            return true;
        if (text.Length > PlaybackUrlLength || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c == '\\') || text.Split("://", 2) is not [var scheme, var rest])
            return false;

        // Browsers take "https:host" and a backslash for a slash, others do not: only what all read alike is taken.
        var end = rest.AsSpan().IndexOfAny("/?#");
        var authority = end < 0 ? rest : rest[..end];
        return scheme.ToLowerInvariant() is "http" or "https"
            && !authority.Contains('@', StringComparison.Ordinal)
            && Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri.Host.Length > 0;
    }

    /// <summary>What is wrong with an address and its key together, in words without either; null: nothing.</summary>
    public static string? Check(string url, string streamKey) => RtmpDestinationUrl.TryParse(url, streamKey, out _, out var error) ? null : error;

    /// <summary>The address as it may be shown: without user, query and key.</summary>
    public static string Shown(string url, string streamKey)
    {
        // Without a key an address that may hold one is read first: what is left has none, and only misses it.
        return RtmpDestinationUrl.TryParse(url, streamKey, out var destination, out _) || (streamKey.Length == 0 && RtmpDestinationUrl.TryParse(url, "key", out destination, out _))
            ? destination.ToString()
            : "";
    }

    /// <summary>No port, path or query; and nothing at all where there is an @, since a password may hold what looks like the end of a host.</summary>
    private static string SchemeAndHost(string text)
    {
        if (text.Trim().Split("://", 2) is not [var scheme, var rest] || scheme.Length > 10 || !scheme.All(char.IsAsciiLetter) || rest.Contains('@', StringComparison.Ordinal))
            return Secret.Mask;
        var host = rest[..(rest.AsSpan().IndexOfAny("/?#:\\") is >= 0 and var end ? end : rest.Length)];
        var more = host.Length < rest.Length ? "/…" : "";
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 ? $"{scheme}://{host}{more}" : Secret.Mask;
    }

    private static bool TryUrl(string text, out string value)
    {
        // Whether a key is missing is judged with the key; here stands one for it.
        value = text;
        return text.Length <= UrlLength && RtmpDestinationUrl.TryParse(text, "key", out _, out _);
    }
}
