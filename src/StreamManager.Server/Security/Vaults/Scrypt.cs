using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Security.Vaults;

/// <summary>
/// scrypt (RFC 7914): a key from a passphrase at a price in memory. The platform has PBKDF2 but not this; it is used once at start, so it is written plainly.
/// </summary>
internal static class Scrypt
{
    /// <summary>Words of one Salsa block (64 bytes).</summary>
    private const int BlockWords = 16;

    /// <summary>Derives <paramref name="length"/> bytes.</summary>
    /// <param name="passphrase">The passphrase; taken as UTF-8.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="cost">N: a power of two above 1. Memory is 128 · N · r bytes.</param>
    /// <param name="blockSize">r.</param>
    /// <param name="parallelization">p.</param>
    /// <param name="length">Bytes wanted.</param>
    public static byte[] DeriveKey(string passphrase, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallelization, int length)
    {
        if (cost < 2 || !BitOperations.IsPow2(cost))
            throw new ArgumentOutOfRangeException(nameof(cost), cost, "must be a power of two above 1");
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelization, 1);

        var password = Encoding.UTF8.GetBytes(passphrase);
        var lane = 128 * blockSize;
        var bytes = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, checked(parallelization * lane));
        for (var i = 0; i < parallelization; i++)
            Mix(bytes.AsSpan(i * lane, lane), cost, blockSize);
        var key = Rfc2898DeriveBytes.Pbkdf2(password, bytes, 1, HashAlgorithmName.SHA256, length);
        CryptographicOperations.ZeroMemory(bytes);
        CryptographicOperations.ZeroMemory(password);
        return key;
    }

    /// <summary>scryptROMix (section 5) on one lane, in place.</summary>
    private static void Mix(Span<byte> lane, int cost, int blockSize)
    {
        var words = 32 * blockSize;
        var x = new uint[words];
        var y = new uint[words];
        var table = new uint[checked(cost * words)];
        for (var i = 0; i < words; i++)
            x[i] = BinaryPrimitives.ReadUInt32LittleEndian(lane[(4 * i)..]);

        for (var i = 0; i < cost; i++)
        {
            x.CopyTo(table.AsSpan(i * words));
            BlockMix(x, y, blockSize);
            (x, y) = (y, x);
        }

        for (var i = 0; i < cost; i++)
        {
            // Integerify: the last 64-byte block as a little-endian number, modulo N.
            var j = (int)(x[words - BlockWords] & (uint)(cost - 1));
            var row = table.AsSpan(j * words, words);
            for (var k = 0; k < words; k++)
                x[k] ^= row[k];
            BlockMix(x, y, blockSize);
            (x, y) = (y, x);
        }

        for (var i = 0; i < words; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(lane[(4 * i)..], x[i]);
        Array.Clear(table);
    }

    /// <summary>scryptBlockMix (section 4): even blocks go to the first half of the output, odd ones to the second.</summary>
    private static void BlockMix(ReadOnlySpan<uint> input, Span<uint> output, int blockSize)
    {
        Span<uint> x = stackalloc uint[BlockWords];
        input[^BlockWords..].CopyTo(x);
        for (var i = 0; i < 2 * blockSize; i++)
        {
            var block = input.Slice(i * BlockWords, BlockWords);
            for (var k = 0; k < BlockWords; k++)
                x[k] ^= block[k];
            Salsa8(x);
            x.CopyTo(output.Slice(((i / 2) + (i % 2 * blockSize)) * BlockWords, BlockWords));
        }
    }

    /// <summary>The Salsa20/8 core (section 3), in place.</summary>
    private static void Salsa8(Span<uint> b)
    {
        Span<uint> x = stackalloc uint[BlockWords];
        b.CopyTo(x);
        for (var round = 0; round < 8; round += 2)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 5, 9, 13, 1);
            Quarter(x, 10, 14, 2, 6);
            Quarter(x, 15, 3, 7, 11);
            Quarter(x, 0, 1, 2, 3);
            Quarter(x, 5, 6, 7, 4);
            Quarter(x, 10, 11, 8, 9);
            Quarter(x, 15, 12, 13, 14);
        }

        for (var i = 0; i < BlockWords; i++)
            b[i] += x[i];
    }

    private static void Quarter(Span<uint> x, int a, int b, int c, int d)
    {
        x[b] ^= BitOperations.RotateLeft(x[a] + x[d], 7);
        x[c] ^= BitOperations.RotateLeft(x[b] + x[a], 9);
        x[d] ^= BitOperations.RotateLeft(x[c] + x[b], 13);
        x[a] ^= BitOperations.RotateLeft(x[d] + x[c], 18);
    }
}
