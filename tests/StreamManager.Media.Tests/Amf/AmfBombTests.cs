using StreamManager.Media.Amf;

namespace StreamManager.Media.Tests.Amf;

/// <summary>Messages that are small on the wire and would be huge, deep or slow for a reader that believes them.</summary>
public sealed class AmfBombTests
{
    // More than the reader's own arrays and strings for a refused message could ever be, and far below what a bomb asks for.
    private const long MaxAllocation = 4 * 1024 * 1024;

    public static TheoryData<string> Names => [.. Bombs.Keys];

    private static readonly Dictionary<string, byte[]> Bombs = new()
    {
        ["objects in objects"] = Repeat("03000161", 250_000),
        ["typed objects in typed objects"] = Repeat("10000161000162", 100_000),
        ["associative arrays in each other"] = Repeat("08000000010001 61", 100_000),
        ["strict arrays in each other"] = Repeat("0A00000001", 200_000),
        ["a strict array of four billion"] = Hex("0AFFFFFFFF 05 05 05"),
        ["a strict array of its message's size"] = [.. Hex("0A 000F4240"), .. Enumerable.Repeat((byte)5, 1_000_000)],
        ["a million nulls"] = [.. Enumerable.Repeat((byte)5, 1_000_000)],
        ["many empty properties"] = [3, .. Repeat("0000 05", 300_000)],
        ["arrays that each claim all that is left"] = Repeat("0A 00007000", 200_000),
        ["a long string of four gigabytes"] = Hex("0C FFFFFFFF 61"),
        ["XML of two gigabytes"] = Hex("0F 7FFFFFFF 61"),
        ["an AMF3 byte array of 256 megabytes"] = Hex("11 0C FFFFFFFF 61"),
        ["an AMF3 reference"] = Hex("11 0C 00"),
        ["an AMF3 object"] = Hex("11 0A 0B 01"),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Reader_Bomb_IsRefusedWithBoundedMemory(string name)
    {
        var bomb = Bombs[name];
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<MediaFormatException>(() => Amf0Reader.ReadAll(bomb));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation);
    }

    [Fact]
    public void Reader_DepthAtTheLimit_IsRead()
    {
        AmfValue value = 1.0;
        for (var i = 0; i < AmfLimits.Default.MaxDepth; i++)
            value = new AmfValue.Object([new("o", value)]);

        Assert.Equal(value, Assert.Single(Amf0Reader.ReadAll(Amf0Writer.ToArray(value))));
        Assert.Throws<MediaFormatException>(() => Amf0Reader.ReadAll(Amf0Writer.ToArray(new AmfValue.StrictArray([value]))));
    }

    [Fact]
    public void Reader_ReferencesToReferences_StaySmall()
    {
        // Followed, forty arrays of two pointers to the one before would be 2^40 values. They are kept as pointers.
        var bytes = Repeat("0A 00000002 07 0000 07 0000", 40);
        Assert.Equal(40, Amf0Reader.ReadAll(bytes).Count);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal));

    private static byte[] Repeat(string hex, int count)
    {
        var one = Hex(hex);
        var all = new byte[one.Length * count];
        for (var i = 0; i < count; i++)
            one.CopyTo(all, i * one.Length);

        return all;
    }
}
