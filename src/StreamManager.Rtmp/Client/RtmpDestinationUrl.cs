using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace StreamManager.Rtmp.Client;

/// <summary>
/// Where to publish: <c>rtmp[s]://[user:password@]host[:port]/app[/instance][?query]</c> and a stream key. The path is not decoded and its query is kept, since ingest
/// servers compare it as it was given to the user. Holds secrets: <see cref="ToString"/> shows none of them.
/// </summary>
public sealed record RtmpDestinationUrl
{
    /// <summary>Port of rtmp:// when none is given (RTMP specification, appendix of the TCP port).</summary>
    public const int DefaultPort = 1935;

    /// <summary>Port of rtmps:// when none is given (RTMP inside TLS on the port of HTTPS).</summary>
    public const int DefaultTlsPort = 443;

    /// <summary>Longest URL or key taken, in characters: platforms with signed tokens stay below 2,000.</summary>
    public const int MaxLength = 4096;

    private RtmpDestinationUrl()
    {
    }

    /// <summary>rtmps://.</summary>
    public bool IsTls { get; private init; }

    /// <summary>DNS name in ASCII form, or an address; an IPv6 address without its brackets.</summary>
    public string Host { get; private init; } = "";

    /// <summary>TCP port.</summary>
    public int Port { get; private init; }

    /// <summary>The path without its first slash, with its query: what <c>connect</c> calls app.</summary>
    public string App { get; private init; } = "";

    /// <summary>The name given to <c>publish</c>; may have a query.</summary>
    public string StreamKey { get; private init; } = "";

    /// <summary>User for Adobe or Limelight authentication; empty for none.</summary>
    public string UserName { get; private init; } = "";

    /// <summary>Its password.</summary>
    public string Password { get; private init; } = "";

    /// <summary>The URL that <c>connect</c> carries: without user, password and key; the port only where it is not the scheme's own.</summary>
    public string TcUrl => BaseUrl + "/" + App;

    private string BaseUrl
    {
        get
        {
            var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
            var port = Port == (IsTls ? DefaultTlsPort : DefaultPort) ? "" : $":{Port}";
            return $"{(IsTls ? "rtmps" : "rtmp")}://{host}{port}";
        }
    }

    /// <summary>For people and logs: no user, no query, no key.</summary>
    public override string ToString() => BaseUrl + "/" + App.Split('?', 2)[0];

    /// <summary>
    /// Reads a URL and a key. With an empty key the last part of the path is the key, with its query (<c>rtmp://host/app/key?token=…</c>), as ffmpeg does.
    /// False: <paramref name="error"/> says in words what is wrong, without repeating the text.
    /// </summary>
    public static bool TryParse(string? url, string? streamKey, [NotNullWhen(true)] out RtmpDestinationUrl? destination, [NotNullWhen(false)] out string? error)
    {
        destination = null;
        url = (url ?? "").Trim();
        streamKey = (streamKey ?? "").Trim();
        error = Parse(url, streamKey, ref destination);
        return error is null;
    }

    /// <summary>The same key at another server, as a redirect asks. Name and password go along to the same host only.</summary>
    internal bool TryRedirect(string url, [NotNullWhen(true)] out RtmpDestinationUrl? target, [NotNullWhen(false)] out string? error)
    {
        if (!TryParse(url, StreamKey, out target, out error))
            return false;
        if (IsTls && !target.IsTls)
        {
            target = null;
            error = "it leads from an encrypted to an unencrypted connection, which would show the stream key to everybody on the way";
            return false;
        }

        if (string.Equals(target.Host, Host, StringComparison.Ordinal))
            target = target with { UserName = UserName, Password = Password };
        return true;
    }

    private static string? Parse(string url, string streamKey, ref RtmpDestinationUrl? destination)
    {
        if (url.Length == 0)
            return "The URL is empty.";
        if (url.Length > MaxLength || streamKey.Length > MaxLength)
            return $"The URL or the stream key is longer than {MaxLength} characters.";
        if (HasBadCharacter(url) || HasBadCharacter(streamKey))
            return "The URL or the stream key holds a space or a control character.";

        bool isTls;
        string rest;
        if (url.StartsWith("rtmp://", StringComparison.OrdinalIgnoreCase))
            (isTls, rest) = (false, url["rtmp://".Length..]);
        else if (url.StartsWith("rtmps://", StringComparison.OrdinalIgnoreCase))
            (isTls, rest) = (true, url["rtmps://".Length..]);
        else
            return "The URL must start with rtmp:// or rtmps://.";

        var slash = rest.AsSpan().IndexOfAny('/', '?');
        var authority = slash < 0 ? rest : rest[..slash];
        var path = slash < 0 ? "" : rest[slash..].TrimStart('/');
        // Other readers of URLs take these two for the end of the host: whoever looks at such an address believes that it leads elsewhere.
        if (authority.AsSpan().IndexOfAny('\\', '#') >= 0)
            return "The host part of the URL holds a backslash or a #; in a user name or password they are written %5C and %23.";
        var (user, password) = ("", "");
        var at = authority.LastIndexOf('@');
        if (at >= 0)
        {
            var parts = authority[..at].Split(':', 2);
            user = Uri.UnescapeDataString(parts[0]);
            password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            if (user.Any(char.IsControl) || password.Any(char.IsControl))
                return "The user name or password in the URL holds a control character.";
            authority = authority[(at + 1)..];
        }

        if (ParseAuthority(authority, isTls ? DefaultTlsPort : DefaultPort, out var host, out var port) is { } error)
            return error;
        if (SplitPath(path, ref streamKey, out var app) is { } pathError)
            return pathError;

        destination = new RtmpDestinationUrl
        {
            IsTls = isTls,
            Host = host,
            Port = port,
            App = app,
            StreamKey = streamKey,
            UserName = user,
            Password = password,
        };
        return null;
    }

    private static string? ParseAuthority(string authority, int defaultPort, out string host, out int port)
    {
        host = authority;
        port = defaultPort;
        var portText = "";
        if (authority.StartsWith('['))
        {
            var close = authority.IndexOf(']', StringComparison.Ordinal);
            if (close < 0)
                return "The IPv6 address in the URL has no closing bracket.";
            host = authority[1..close];
            portText = authority[(close + 1)..];
            if (portText.Length > 0 && portText[0] != ':')
                return "Only a port may follow the IPv6 address in the URL.";
            portText = portText.TrimStart(':');
        }
        else if (authority.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
        {
            host = authority[..colon];
            portText = authority[(colon + 1)..];
        }

        if (portText.Length > 0
            && (!int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return "The port in the URL is not a number from 1 to 65535.";
        }

        if (host.Length == 0)
            return "The URL has no host.";
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown)
            return "The host in the URL is neither a name nor an address.";
        if (!Ascii(host))
        {
            try
            {
                host = new IdnMapping().GetAscii(host);
            }
            catch (ArgumentException)
            {
                return "The host in the URL is not a valid international name.";
            }
        }

        return null;
    }

    private static string? SplitPath(string path, ref string streamKey, out string app)
    {
        app = path;
        if (streamKey.Length == 0)
        {
            var queryStart = path.IndexOf('?', StringComparison.Ordinal);
            var pathEnd = queryStart < 0 ? path.Length : queryStart;
            var lastSlash = pathEnd == 0 ? -1 : path.LastIndexOf('/', pathEnd - 1);
            if (lastSlash <= 0 || lastSlash == pathEnd - 1)
                return "There is no stream key.";
            streamKey = path[(lastSlash + 1)..];
            app = path[..lastSlash];
        }

        // "rtmp://host/app/" is how many sites print it; the slash is not part of the name (OBS trims it too).
        app = app.TrimEnd('/');
        return app.Length == 0 || app[0] == '?' ? "The URL has no application path (rtmp://host/app)." : null;
    }

    private static bool HasBadCharacter(string text)
    {
        foreach (var c in text)
        {
            if (char.IsControl(c) || char.IsWhiteSpace(c))
                return true;
        }

        return false;
    }

    private static bool Ascii(string text) => System.Text.Ascii.IsValid(text);
}
