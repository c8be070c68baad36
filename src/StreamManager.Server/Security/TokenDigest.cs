using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Security;

/// <summary>
/// The SHA-256 of a secret, kept for comparing. Two digests have one length and are compared in constant time, so that neither the length of a guess nor its first
/// characters show in the time that an answer takes.
/// </summary>
internal sealed class TokenDigest
{
    private readonly byte[] _digest;

    /// <summary>Takes the digest of <paramref name="secret"/>.</summary>
    public TokenDigest(string secret) => _digest = Compute(secret);

    /// <summary>True when <paramref name="candidate"/> is the secret.</summary>
    public bool Matches(string candidate) => Matches(Compute(candidate));

    /// <summary>True when <paramref name="candidateDigest"/> is the secret's digest; for comparing one candidate with many secrets.</summary>
    public bool Matches(ReadOnlySpan<byte> candidateDigest) => CryptographicOperations.FixedTimeEquals(_digest, candidateDigest);

    /// <summary>The digest of a candidate. 32 bytes.</summary>
    public static byte[] Compute(string candidate) => SHA256.HashData(Encoding.UTF8.GetBytes(candidate));
}
