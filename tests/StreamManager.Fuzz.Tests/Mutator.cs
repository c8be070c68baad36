using System.Buffers.Binary;

namespace StreamManager.Fuzz.Tests;

/// <summary>Changes inputs at random, from a seed: the same seed gives the same changes.</summary>
internal sealed class Mutator(int seed)
{
    /// <summary>Longer inputs are cut: nothing is found by them that shorter ones do not find sooner.</summary>
    public const int MaxLength = 16 * 1024;

    private static readonly uint[] InterestingNumbers =
    [
        0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFF, 0xFFFFFE, 0xFFFFFF, 0x1000000,
        0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
    ];

    private readonly Random _random = new(seed);

    /// <summary>A changed copy of <paramref name="input"/>; parts of <paramref name="other"/> may have come in.</summary>
    public byte[] Mutate(byte[] input, byte[] other)
    {
        var bytes = new List<byte>(input);
        for (var changes = 1 << _random.Next(0, 4); changes > 0; changes--)
            Change(bytes, other);

        if (bytes.Count > MaxLength)
            bytes.RemoveRange(MaxLength, bytes.Count - MaxLength);

        return [.. bytes];
    }

    /// <summary>Any of a list.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private void Change(List<byte> bytes, byte[] other)
    {
        if (bytes.Count == 0)
        {
            bytes.Add((byte)_random.Next(256));
            return;
        }

        var at = _random.Next(bytes.Count);
        var length = Math.Min(bytes.Count - at, 1 << _random.Next(0, 8));
        switch (_random.Next(10))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes[at] += (byte)_random.Next(-3, 4);
                break;
            case 3:
                OverwriteNumber(bytes, at);
                break;
            case 4:
                bytes.RemoveRange(at, length);
                break;
            case 5:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 6:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 7:
                bytes.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), length));
                break;
            case 8 when other.Length > 0:
                var from = _random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, length)).ToArray());
                break;
            default:
                // The head of one input and the tail of another.
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other[Math.Min(at, other.Length)..]);
                break;
        }
    }

    private void OverwriteNumber(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, InterestingNumbers[_random.Next(InterestingNumbers.Length)]);
        var width = _random.Next(1, 5);
        for (var i = 0; i < width && at + i < bytes.Count; i++)
            bytes[at + i] = number[4 - width + i];
    }
}
