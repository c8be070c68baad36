using System.Security.Cryptography;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Vaults;

/// <summary>
/// The key that the vault's data keys are wrapped with: <c>ENCRYPTION_KEY</c> (64 hexadecimal digits, or a passphrase), or the file that is made when that is not set. Dispose it soon:
/// it is needed only to open or rewrap the vault.
/// </summary>
internal sealed class MasterKey : IDisposable
{
    /// <summary>File of the key that is made when <c>ENCRYPTION_KEY</c> is not set.</summary>
    public const string FileName = "encryption.key";

    /// <summary>The next key while a rotation is under way; after a crash one of the two files opens the vault.</summary>
    public const string NextFileName = "encryption.key.next";

    private const int SaltSize = 16;

    // 32 MB and about a tenth of a second, once per start: what RFC 7914 and OWASP name for interactive use.
    private const int ScryptCost = 1 << 15;
    private const int ScryptBlockSize = 8;
    private const int ScryptParallelization = 1;

    private readonly SecretSealer _sealer;

    private MasterKey(byte[] key, string? salt)
    {
        _sealer = new SecretSealer(key);
        CryptographicOperations.ZeroMemory(key);
        Salt = salt;
    }

    /// <summary>Base64 salt of a passphrase; null when the key is not made of one.</summary>
    public string? Salt { get; }

    /// <summary>A key from <c>ENCRYPTION_KEY</c>. With <paramref name="salt"/> the one that was used before; without, a new one is drawn.</summary>
    public static MasterKey FromText(Secret text, string? salt) =>
        IsKeyText(text.Value) ? new MasterKey(Convert.FromHexString(text.Value), null) : FromPassphrase(text, salt);

    /// <summary>A key from a passphrase, whatever it looks like. With <paramref name="salt"/> the one that was used before; without, a new one is drawn.</summary>
    public static MasterKey FromPassphrase(Secret text, string? salt)
    {
        var bytes = salt is null ? RandomNumberGenerator.GetBytes(SaltSize) : DecodeSalt(salt);
        return new MasterKey(
            Scrypt.DeriveKey(text.Value, bytes, ScryptCost, ScryptBlockSize, ScryptParallelization, SecretSealer.KeySize), Convert.ToBase64String(bytes));
    }

    /// <summary>The key in a file; null: there is no such file.</summary>
    /// <exception cref="StartupException">It cannot be read, or is not what the server wrote.</exception>
    public static MasterKey? FromFile(string path)
    {
        if (SmallSecretFile.Read(path) is not { } text)
            return null;
        return IsKeyText(text)
            ? new MasterKey(Convert.FromHexString(text), null)
            : throw new StartupException($"{path} is damaged: it must hold {2 * SecretSealer.KeySize} hexadecimal digits. Put a backup of it back.");
    }

    /// <summary>A new key, kept in a file. Returns when the disk has it.</summary>
    /// <exception cref="StartupException">It cannot be written.</exception>
    public static MasterKey MakeFile(string path)
    {
        var key = RandomNumberGenerator.GetBytes(SecretSealer.KeySize);
        SmallSecretFile.Write(path, Convert.ToHexStringLower(key));
        return new MasterKey(key, null);
    }

    /// <summary>Seals a text with the key itself.</summary>
    public string Seal(string text, string owner) => _sealer.Seal(text, owner);

    /// <summary>Opens what <see cref="Seal"/> made. Null: another key's, another owner's, or damaged.</summary>
    public string? TryOpen(string sealedText, string owner) => _sealer.TryOpen(sealedText, owner);

    /// <summary>Wraps a data key.</summary>
    public DataKeyEntry Wrap(string id, ReadOnlySpan<byte> dataKey, DateTimeOffset createdAt) => new(id, _sealer.Seal(Convert.ToHexStringLower(dataKey), Owner(id)), createdAt);

    /// <summary>Unwraps a data key; the caller wipes it. Null: it was wrapped by another master key, or is damaged.</summary>
    public byte[]? TryUnwrap(DataKeyEntry entry) => _sealer.TryOpen(entry.Wrapped, Owner(entry.Id)) is { } text && IsKeyText(text) ? Convert.FromHexString(text) : null;

    /// <inheritdoc/>
    public void Dispose() => _sealer.Dispose();

    private static string Owner(string id) => $"vault/{id}";

    private static bool IsKeyText(string text) => text.Length == 2 * SecretSealer.KeySize && text.All(char.IsAsciiHexDigit);

    private static byte[] DecodeSalt(string salt)
    {
        try
        {
            return Convert.FromBase64String(salt);
        }
        catch (FormatException e)
        {
            throw new StartupException("The salt of the vault is damaged. Put a backup of the state back.", e);
        }
    }
}
