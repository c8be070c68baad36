using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Rtmp.Client;

/// <summary>Which challenge scheme a server asked for.</summary>
internal enum RtmpAuthenticationScheme
{
    Adobe = 1,
    Limelight = 2,
}

/// <summary>
/// What a server said in the description of a refused <c>connect</c>: first "code=403 need auth; authmod=adobe", then on the next connection
/// "… authmod=adobe … ?reason=needauth&amp;user=U&amp;salt=S&amp;challenge=C&amp;opaque=O". Values are not URL-encoded, and base64 ends with '=': split on the first one only.
/// </summary>
internal sealed record RtmpAuthenticationChallenge(RtmpAuthenticationScheme Scheme, IReadOnlyDictionary<string, string> Values)
{
    // A description is a sentence; a longer one is no challenge.
    private const int MaxLength = 4096;
    private const int MaxValues = 32;

    /// <summary>"" in the first step, then needauth, authfailed or nosuchuser.</summary>
    public string Reason => this["reason"];

    /// <summary>A value, or empty.</summary>
    public string this[string name] => Values.TryGetValue(name, out var value) ? value : "";

    /// <summary>Null when the text asks for no authentication that we know.</summary>
    public static RtmpAuthenticationChallenge? Find(string description)
    {
        if (description.Length > MaxLength)
            return null;
        RtmpAuthenticationScheme scheme;
        if (description.Contains("authmod=adobe", StringComparison.OrdinalIgnoreCase))
            scheme = RtmpAuthenticationScheme.Adobe;
        else if (description.Contains("authmod=llnw", StringComparison.OrdinalIgnoreCase))
            scheme = RtmpAuthenticationScheme.Limelight;
        else
            return null;

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var question = description.IndexOf("?reason=", StringComparison.OrdinalIgnoreCase);
        if (question >= 0)
        {
            foreach (var part in description[(question + 1)..].Split('&', MaxValues))
            {
                var equals = part.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0)
                    values[part[..equals].Trim()] = part[(equals + 1)..].Trim();
            }
        }

        return new RtmpAuthenticationChallenge(scheme, values);
    }
}

/// <summary>The answers of the Adobe and Limelight schemes, as the query that is added to app and tcUrl of the next connection. Pure.</summary>
internal static class RtmpAuthentication
{
    private const string LimelightRealm = "live";
    private const string LimelightMethod = "publish";
    private const string LimelightQop = "auth";
    private const string LimelightNonceCount = "00000001";

    /// <summary>The first answer: who we are.</summary>
    public static string IntroductionQuery(RtmpAuthenticationScheme scheme, string user) =>
        $"authmod={Name(scheme)}&user={user}";

    /// <summary>The second answer: the proof.</summary>
    /// <param name="challenge">The server's needauth.</param>
    /// <param name="user">The user's name.</param>
    /// <param name="password">The password; goes into hashes only.</param>
    /// <param name="app">The app as configured; its query is left out of the Limelight hash.</param>
    /// <param name="clientNonce">Eight random hexadecimal digits.</param>
    public static string ProofQuery(RtmpAuthenticationChallenge challenge, string user, string password, string app, string clientNonce)
    {
        var introduction = IntroductionQuery(challenge.Scheme, user);
        if (challenge.Scheme == RtmpAuthenticationScheme.Limelight)
        {
            var nonce = challenge["nonce"];
            var response = LimelightResponse(user, password, app, nonce, clientNonce);
            return $"{introduction}&nonce={nonce}&cnonce={clientNonce}&nc={LimelightNonceCount}&response={response}";
        }

        var opaque = challenge["opaque"];
        var proof = AdobeResponse(user, password, challenge["salt"], challenge["challenge"], opaque, clientNonce);
        return $"{introduction}&challenge={clientNonce}&response={proof}" + (opaque.Length > 0 ? $"&opaque={opaque}" : "");
    }

    /// <summary>base64(md5(base64(md5(user + salt + password)) + (opaque, else challenge) + clientNonce)).</summary>
    public static string AdobeResponse(string user, string password, string salt, string challenge, string opaque, string clientNonce)
    {
        var inner = Convert.ToBase64String(Md5(user + salt + password));
        return Convert.ToBase64String(Md5(inner + (opaque.Length > 0 ? opaque : challenge) + clientNonce));
    }

    /// <summary>HTTP Digest with realm "live", method "publish" and the application as its path.</summary>
    public static string LimelightResponse(string user, string password, string app, string nonce, string clientNonce)
    {
        var path = app.Split('?', 2)[0];
        if (!path.Contains('/', StringComparison.Ordinal))
            path += "/_definst_";
        var identity = HexMd5($"{user}:{LimelightRealm}:{password}");
        var request = HexMd5($"{LimelightMethod}:/{path}");
        return HexMd5($"{identity}:{nonce}:{LimelightNonceCount}:{clientNonce}:{LimelightQop}:{request}");
    }

    /// <summary>Eight random hexadecimal digits.</summary>
    public static string NewClientNonce() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static string Name(RtmpAuthenticationScheme scheme) => scheme == RtmpAuthenticationScheme.Adobe ? "adobe" : "llnw";

    private static string HexMd5(string text) => Convert.ToHexStringLower(Md5(text));

    [SuppressMessage("Security", "CA5351", Justification = "Both schemes are defined with MD5.")]
    private static byte[] Md5(string text) => MD5.HashData(Encoding.UTF8.GetBytes(text));
}
