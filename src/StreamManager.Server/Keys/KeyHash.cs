using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Keys;

/// <summary>The SHA-256 of a stream key, as a value without allocations. It is the key's id in the store: whoever reads the store cannot publish with it.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KeyHash
{
    /// <summary>Longest text that is hashed on the stack: the longest key that there is.</summary>
    public const int LongestKey = 128;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly ulong _c;
    private readonly ulong _d;

    private KeyHash(ReadOnlySpan<byte> digest)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(digest);
        (_a, _b, _c, _d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>The hash of a key of at most <see cref="LongestKey"/> characters.</summary>
    public static KeyHash Of(ReadOnlySpan<char> key)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, LongestKey, nameof(key));
        Span<byte> text = stackalloc byte[3 * LongestKey];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(key, text)], digest);
        return new KeyHash(digest);
    }

    /// <summary>Reads what <see cref="ToString"/> writes. Null: it is something else.</summary>
    public static KeyHash? Parse(ReadOnlySpan<char> text)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        return text.Length == 2 * digest.Length && !text.ContainsAnyInRange('A', 'F') && Convert.FromHexString(text, digest, out _, out _) is System.Buffers.OperationStatus.Done
            ? new KeyHash(digest)
            : null;
    }

    /// <summary>Are they the same? In constant time, whatever the two are.</summary>
    public static bool FixedTimeEquals(in KeyHash one, in KeyHash other) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(new ReadOnlySpan<KeyHash>(in one)), MemoryMarshal.AsBytes(new ReadOnlySpan<KeyHash>(in other)));

    /// <summary>A hash is as random as its own words.</summary>
    public override int GetHashCode() => (int)_a;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(MemoryMarshal.AsBytes(new ReadOnlySpan<KeyHash>(in this)));
}
