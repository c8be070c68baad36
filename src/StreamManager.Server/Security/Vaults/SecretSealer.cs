using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Security.Vaults;

/// <summary>
/// Seals texts by AES-256-GCM with a random nonce. The owner's id is bound to the seal as associated data, so that a sealed key moved to another record does not open.
/// Thread-safe.
/// </summary>
internal sealed class SecretSealer : IDisposable
{
    /// <summary>Bytes of the key.</summary>
    public const int KeySize = 32;

    private const int NonceSize = 12;
    private const int TagSize = 16;
    private readonly AesGcm _aes;
    private readonly Lock _lock = new();

    /// <summary>Takes a copy of the key of <see cref="KeySize"/> bytes.</summary>
    public SecretSealer(ReadOnlySpan<byte> key)
    {
        if (key.Length != KeySize)
            throw new ArgumentException($"must have {KeySize} bytes", nameof(key));
        _aes = new AesGcm(key, TagSize);
    }

    /// <summary>Seals <paramref name="text"/> for <paramref name="owner"/>: Base64 of nonce, ciphertext and tag.</summary>
    public string Seal(string text, string owner)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[NonceSize + plain.Length + TagSize];
        var nonce = box.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        lock (_lock)
            _aes.Encrypt(nonce, plain, box.AsSpan(NonceSize, plain.Length), box.AsSpan(NonceSize + plain.Length), Encoding.UTF8.GetBytes(owner));
        CryptographicOperations.ZeroMemory(plain);
        return Convert.ToBase64String(box);
    }

    /// <summary>Opens what <see cref="Seal"/> made for the same owner. Null: wrong key, wrong owner, or damaged.</summary>
    public string? TryOpen(string sealedText, string owner)
    {
        var box = new byte[sealedText.Length];
        if (!Convert.TryFromBase64String(sealedText, box, out var size) || size < NonceSize + TagSize)
            return null;
        var plain = new byte[size - NonceSize - TagSize];
        try
        {
            lock (_lock)
            {
                _aes.Decrypt(
                    box.AsSpan(0, NonceSize),
                    box.AsSpan(NonceSize, plain.Length),
                    box.AsSpan(NonceSize + plain.Length, TagSize),
                    plain,
                    Encoding.UTF8.GetBytes(owner));
            }

            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _aes.Dispose();
}
