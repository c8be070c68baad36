using System.Text;
using StreamManager.Server.Library;

namespace StreamManager.Server.Tests.Library;

/// <summary>What is told by the bytes of a file alone.</summary>
public sealed class MediaBytesTests
{
    public static TheoryData<string> Extensions => [.. MediaFormat.All.Select(format => format.Extension)];

    [Theory]
    [MemberData(nameof(Extensions))]
    public async Task Signature_OfEachKind_IsKnownFromEveryLongEnoughStart(string extension)
    {
        var content = await MediaSamples.GoodAsync(extension);
        for (var length = 1; length <= Math.Min(content.Length, MediaSignature.SniffLength); length++)
        {
            var (format, refusal) = MediaSignature.Identify(content.AsSpan(0, length));
            Assert.True(format is null || format.Extension == extension, $"{length} bytes: {format?.Name}");
            Assert.True(format is null ^ refusal is null);
        }

        Assert.Equal(extension, MediaSignature.Identify(content.AsSpan(0, Math.Min(content.Length, MediaSignature.SniffLength))).Format?.Extension);
    }

    [Theory]
    [InlineData("\0\0\0\u0018ftypheic\0\0\0\0", "HEIF")]
    [InlineData("\0\0\0\u0018ftypavif\0\0\0\0", "AVIF")]
    [InlineData("RIFF\0\0\0\0AVI LIST", "AVI")]
    [InlineData("GGGGGGGGGGGGGGGG", "text")]
    [InlineData("#!/bin/sh\n", "a script")]
    [InlineData("\u0001\u0002\u0003", "not known")]
    public void Signature_OfOthers_SaysWhatTheyAre(string start, string word)
    {
        var (format, refusal) = MediaSignature.Identify(Encoding.Latin1.GetBytes(start));
        Assert.Null(format);
        Assert.Equal(MediaRefusalReason.NotAccepted, refusal!.Reason);
        Assert.Contains(word, refusal.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("webp")]
    [InlineData("gif")]
    public async Task Header_OfAPicture_HasItsSize_AndNoPrefixOrNoiseBreaksTheReader(string extension)
    {
        var content = await MediaSamples.GoodAsync(extension);
        var format = MediaFormat.All.Single(known => known.Extension == extension);
        Assert.Equal((64, 48), PictureHeader.Read(format, content));
        for (var length = 0; length < Math.Min(content.Length, 2_000); length++)
            Assert.True(PictureHeader.Read(format, content.AsSpan(0, length)) is null or (64, 48));
        var random = new Random(7);
        for (var round = 0; round < 5_000; round++)
        {
            var noisy = content.AsSpan(0, Math.Min(content.Length, 700)).ToArray();
            noisy[random.Next(noisy.Length)] = (byte)random.Next(256);
            noisy[random.Next(noisy.Length)] = 0xFF;
            _ = PictureHeader.Read(format, noisy);
            _ = PictureHeader.IsAnimatedWebP(noisy);
        }
    }

    [Fact]
    public void Header_OfEachWebP_IsRead()
    {
        // A canvas of 400 x 300: sizes less one, 24 bits; the flags say "animated".
        byte[] extended = [.. "RIFF\0\0\0\0WEBPVP8X"u8, 10, 0, 0, 0, 0x02, 0, 0, 0, 0x8F, 0x01, 0, 0x2B, 0x01, 0];
        Assert.Equal((400, 300), PictureHeader.Read(MediaFormat.WebP, extended));
        Assert.True(PictureHeader.IsAnimatedWebP(extended));
        // Lossless: a byte of 2F, then 14 bits each of width and height less one.
        byte[] lossless = [.. "RIFF\0\0\0\0WEBPVP8L"u8, 10, 0, 0, 0, 0x2F, 0x8F, 0xC1, 0x4A, 0, 0, 0, 0, 0, 0];
        Assert.Equal((400, 300), PictureHeader.Read(MediaFormat.WebP, lossless));
        Assert.False(PictureHeader.IsAnimatedWebP(lossless));
    }

    [Theory]
    [MemberData(nameof(Extensions))]
    public async Task End_OfEachKind_IsSeenAndNoiseBreaksNothing(string extension)
    {
        var content = await MediaSamples.GoodAsync(extension);
        var format = MediaFormat.All.Single(known => known.Extension == extension);
        using var folder = new TemporaryFolder();
        Assert.True(IsWhole(content, format, folder));
        if (format != MediaFormat.MpegTs)
        {
            for (var length = 20; length < content.Length; length += 1 + (content.Length / 150))
                Assert.False(IsWhole(content.AsSpan(0, length), format, folder), $"{length} of {content.Length}");
        }

        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var noisy = content.AsSpan(0, Math.Min(content.Length, 3_000)).ToArray();
            for (var change = 0; change < 4; change++)
                noisy[random.Next(Math.Min(noisy.Length, 80))] = (byte)random.Next(256);
            _ = IsWhole(noisy, format, folder);
        }
    }

    [Theory]
    [InlineData(null, "untitled")]
    [InlineData("", "untitled")]
    [InlineData("  \u200b ", "untitled")]
    [InlineData("a/b\\c.png", "c.png")]
    [InlineData("x\0y\r\nz.png", "xyz.png")]
    [InlineData("\ud800half.png", "half.png")]
    [InlineData("Grüße 你好.png", "Grüße 你好.png")]
    public void Title_OfAName_HasNothingThatHides(string? name, string title) => Assert.Equal(title, MediaNames.Title(name));

    [Fact]
    public void Title_ThatIsLong_IsCutBetweenCharacters()
    {
        var title = MediaNames.Title(new string('x', 99) + "\U0001F600\U0001F600");
        Assert.Equal(new string('x', 99), title);
    }

    [Fact]
    public void Names_OfOurs_AreKnownAgainAndNoOthers()
    {
        var names = Enumerable.Range(0, 100).Select(_ => MediaNames.New(MediaFormat.Png)).ToArray();
        Assert.Equal(100, names.Distinct().Count());
        Assert.All(names, name => Assert.True(MediaNames.IsOurs(name)));
        foreach (var other in new[] { "fallback.png", "m-x.png", "m-abcdefghijklmnopqrs0.exe", "m-ABCDEFGHIJKLMNOPQRST.png", "m-abcdefghij.lmnopqrst.png", "" })
            Assert.False(MediaNames.IsOurs(other), other);
    }

    private static bool IsWhole(ReadOnlySpan<byte> content, MediaFormat format, TemporaryFolder folder)
    {
        var path = folder.File("file");
        File.WriteAllBytes(path, content);
        using var file = File.OpenHandle(path);
        return FileEnd.IsWhole(file, format);
    }
}
