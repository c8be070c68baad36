using System.Security.Cryptography;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security;

/// <summary>How the key of the stored secrets came about, kept with them: enough to tell a wrong key, nothing to find the right one.</summary>
/// <param name="Salt">Base64 salt of a passphrase; null when the key is not made of one.</param>
/// <param name="Check">A known text sealed with the key.</param>
internal sealed record EncryptionCheck(string? Salt, string Check);

/// <summary>Finds the key that stored secrets are sealed with.</summary>
internal static class EncryptionKeys
{
    /// <summary>File of the key that is made when <c>ENCRYPTION_KEY</c> is not set.</summary>
    public const string FileName = "encryption.key";

    private const string CheckOwner = "encryption-check";
    private const string CheckText = "stream-manager";
    private const int SaltSize = 16;

    // 32 MB and about a tenth of a second, once per start: what RFC 7914 and OWASP name for interactive use.
    private const int ScryptCost = 1 << 15;
    private const int ScryptBlockSize = 8;
    private const int ScryptParallelization = 1;

    /// <summary>
    /// The sealer for this server. <paramref name="known"/> is what was stored at the first start (null then); what comes back with the sealer must be stored.
    /// </summary>
    /// <exception cref="StartupException">The key is not the one that the stored secrets were sealed with, or cannot be read.</exception>
    public static (SecretSealer Sealer, EncryptionCheck Check) Open(Secret? configured, string dataDirectory, EncryptionCheck? known)
    {
        var (key, salt) = configured is null
            ? (ReadOrMakeFile(Path.Combine(dataDirectory, FileName), known is null), null)
            : FromText(configured.Value, known?.Salt);
        var sealer = new SecretSealer(key);
        CryptographicOperations.ZeroMemory(key);
        if (known is null)
            return (sealer, new EncryptionCheck(salt, sealer.Seal(CheckText, CheckOwner)));
        if (sealer.TryOpen(known.Check, CheckOwner) == CheckText)
            return (sealer, known);

        sealer.Dispose();
        throw new StartupException(configured is null
            ? $"The key in {Path.Combine(dataDirectory, FileName)} is not the one that the secrets in {dataDirectory} were sealed with. "
              + "Put the right file back, or set ENCRYPTION_KEY if it was set before."
            : $"ENCRYPTION_KEY is not the key that the secrets in {dataDirectory} were sealed with. "
              + "Set the key that was used before (or unset the variable, if none was). The stored stream keys cannot be read without it.");
    }

    private static (byte[] Key, string? Salt) FromText(string text, string? knownSalt)
    {
        if (text.Length == 2 * SecretSealer.KeySize && text.All(char.IsAsciiHexDigit))
            return (Convert.FromHexString(text), null);
        var salt = knownSalt is null ? RandomNumberGenerator.GetBytes(SaltSize) : DecodeSalt(knownSalt);
        return (Scrypt.DeriveKey(text, salt, ScryptCost, ScryptBlockSize, ScryptParallelization, SecretSealer.KeySize), Convert.ToBase64String(salt));
    }

    private static byte[] DecodeSalt(string salt)
    {
        try
        {
            return Convert.FromBase64String(salt);
        }
        catch (FormatException e)
        {
            throw new StartupException("The salt in the state file is damaged. Put a backup of the state file back.", e);
        }
    }

    private static byte[] ReadOrMakeFile(string path, bool mayMake)
    {
        if (SmallSecretFile.Read(path) is { } text)
        {
            return text.Length == 2 * SecretSealer.KeySize && text.All(char.IsAsciiHexDigit)
                ? Convert.FromHexString(text)
                : throw new StartupException($"{path} is damaged: it must hold 64 hexadecimal digits. Put a backup of it back.");
        }

        if (!mayMake)
        {
            throw new StartupException($"{path} is missing, and the stored stream keys cannot be read without it. "
                + "Put the file back, or set ENCRYPTION_KEY if it was set before.");
        }

        var key = RandomNumberGenerator.GetBytes(SecretSealer.KeySize);
        SmallSecretFile.Write(path, Convert.ToHexStringLower(key));
        return key;
    }
}
