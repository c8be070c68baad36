using System.Globalization;
using StreamManager.Server.Security;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// Which Redis: <c>redis://[user[:password]@]host[:port][/database]</c>, or <c>rediss://</c> for TLS. User and password may be percent-encoded; they may also hold any character as it is, since the
/// last @ ends them. Shown without them.
/// </summary>
internal sealed record RedisUrl
{
    /// <summary>The port that Redis listens on when nobody says otherwise; its TLS port has no other.</summary>
    public const int DefaultPort = 6379;

    /// <summary>Longest URL in characters; tokens of cloud services as passwords stay below 2,000.</summary>
    public const int MaxLength = 4096;

    private const string PlainScheme = "redis://";
    private const string TlsScheme = "rediss://";

    private RedisUrl()
    {
    }

    /// <summary>rediss://.</summary>
    public bool IsTls { get; private init; }

    /// <summary>DNS name, or an address; an IPv6 address without its brackets.</summary>
    public string Host { get; private init; } = "";

    /// <summary>TCP port.</summary>
    public int Port { get; private init; } = DefaultPort;

    /// <summary>Number of the database, 0 and above.</summary>
    public int Database { get; private init; }

    /// <summary>User of the access control list; null: the default user.</summary>
    public string? User { get; private init; }

    /// <summary>Its password; null: none is asked for.</summary>
    public Secret? Password { get; private init; }

    /// <summary>Reads a URL. Null: <paramref name="url"/> is it; else what is wrong, without quoting any of it.</summary>
    /// <param name="text">As the user gave it.</param>
    /// <param name="password">A password given apart (<c>REDIS_PASSWORD</c>); counts before the one in the URL. Null or empty: there is none.</param>
    /// <param name="url">The result.</param>
    public static string? TryParse(string text, string? password, out RedisUrl url)
    {
        url = new RedisUrl();
        if (text.Length > MaxLength)
            return $"The URL is longer than {MaxLength} characters.";
        if (text.Any(char.IsControl))
            return "The URL has a control character.";
        var isTls = text.StartsWith(TlsScheme, StringComparison.OrdinalIgnoreCase);
        if (!isTls && !text.StartsWith(PlainScheme, StringComparison.OrdinalIgnoreCase))
            return "The URL must begin with redis:// or rediss://.";
        var rest = text[(isTls ? TlsScheme.Length : PlainScheme.Length)..];
        var (user, urlPassword) = SplitCredentials(ref rest);
        if (SplitDatabase(ref rest, out var database) is { } databaseProblem)
            return databaseProblem;
        if (SplitPort(rest, out var host, out var port) is { } hostProblem)
            return hostProblem;
        var secret = string.IsNullOrEmpty(password) ? urlPassword : password;
        if (user.Length > 0 && secret.Length == 0)
            return "The URL names a user, and there is no password.";
        url = new RedisUrl
        {
            IsTls = isTls,
            Host = host,
            Port = port,
            Database = database,
            User = user.Length == 0 ? null : user,
            Password = secret.Length == 0 ? null : new Secret(secret),
        };
        return null;
    }

    /// <summary>Scheme, host, port and database: fit for logs and errors.</summary>
    public override string ToString()
    {
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return $"{(IsTls ? TlsScheme : PlainScheme)}{host}:{Port}/{Database}";
    }

    private static (string User, string Password) SplitCredentials(ref string rest)
    {
        var at = rest.LastIndexOf('@');
        if (at < 0)
            return ("", "");
        var parts = rest[..at].Split(':', 2);
        rest = rest[(at + 1)..];
        return (Uri.UnescapeDataString(parts[0]), parts.Length == 1 ? "" : Uri.UnescapeDataString(parts[1]));
    }

    private static string? SplitDatabase(ref string rest, out int database)
    {
        database = 0;
        if (rest.AsSpan().ContainsAny('?', '#'))
            return "The URL has options after ? or #; none are known.";
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return null;
        var path = rest[(slash + 1)..];
        rest = rest[..slash];
        return path.Length == 0 || int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database)
            ? null
            : "What follows the host in the URL must be the number of a database.";
    }

    private static string? SplitPort(string authority, out string host, out int port)
    {
        port = DefaultPort;
        var isBracketed = authority.StartsWith('[');
        var close = authority.IndexOf(']', StringComparison.Ordinal);
        var colon = isBracketed ? close + 1 : authority.IndexOf(':', StringComparison.Ordinal);
        // Where the host is over; a bracket that is not closed has no host in it.
        var end = colon < 0 || (isBracketed && close < 0) ? authority.Length : colon;
        host = !isBracketed ? authority[..end] : close > 1 ? authority[1..close] : "";
        var tail = authority[end..];
        if (tail.Length > 0
            && (tail[0] != ':' || !int.TryParse(tail.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return "The port in the URL is not a number from 1 to 65535.";
        }

        return Uri.CheckHostName(host) == UriHostNameType.Unknown ? "The host in the URL is neither a name nor an address." : null;
    }
}
