using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Webhooks;

/// <summary>Signatures of Standard Webhooks, version <c>v1</c>: HMAC-SHA256 over <c>id.timestamp.body</c>. Pure.</summary>
internal static class WebhookSignature
{
    /// <summary>What a secret begins with; base64 follows.</summary>
    public const string SecretPrefix = "whsec_";

    /// <summary>Bytes of a secret; the specification asks for 24 to 64.</summary>
    private const int SecretSize = 32;

    /// <summary>A new secret, as it is shown to its owner.</summary>
    public static string NewSecret() => SecretPrefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretSize));

    /// <summary>The value of <c>webhook-timestamp</c>.</summary>
    public static string Timestamp(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The value of <c>webhook-signature</c>: one signature for each secret, in their order.</summary>
    /// <exception cref="FormatException">A secret is not in the form of <see cref="NewSecret"/>.</exception>
    public static string Sign(string id, DateTimeOffset time, ReadOnlySpan<byte> body, IEnumerable<string> secrets)
    {
        var head = Encoding.UTF8.GetBytes($"{id}.{Timestamp(time)}.");
        var signed = new byte[head.Length + body.Length];
        head.CopyTo(signed, 0);
        body.CopyTo(signed.AsSpan(head.Length));
        return string.Join(' ', secrets.Select(secret => "v1," + Convert.ToBase64String(HMACSHA256.HashData(KeyOf(secret), signed))));
    }

    private static byte[] KeyOf(string secret) => secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
        ? Convert.FromBase64String(secret[SecretPrefix.Length..])
        : throw new FormatException("A webhook secret begins with " + SecretPrefix);
}
