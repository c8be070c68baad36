using System.Buffers.Text;
using System.Security.Cryptography;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// The random secrets of sessions, tokens and links: 32 bytes as Base64 for URLs. Nobody can guess them, so that their SHA-256, unsalted and fast, is enough to keep, and a
/// look-up by it needs no constant time.
/// </summary>
internal static class AccountSecret
{
    /// <summary>API tokens begin so, by which scanners for leaked secrets find them.</summary>
    public const string TokenPrefix = "smt_";

    /// <summary>The tokens of users' links begin so.</summary>
    public const string LinkPrefix = "sml_";

    private const int Size = 32;
    private const int TextLength = 43;
    private const int IdLength = 16;

    /// <summary>A new secret.</summary>
    public static string Make(string prefix = "") => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Can it be such a secret? What cannot is not looked up.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text, string prefix = "") =>
        text.Length == prefix.Length + TextLength && text.StartsWith(prefix, StringComparison.Ordinal) && !text[prefix.Length..].ContainsAnyExcept(Alphabet);

    /// <summary>The digest that the secret is stored under: 64 hexadecimal digits.</summary>
    public static string Digest(string secret) => Convert.ToHexStringLower(TokenDigest.Compute(secret));

    /// <summary>An id for people and URLs.</summary>
    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", IdLength);

    private static System.Buffers.SearchValues<char> Alphabet { get; } =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}
