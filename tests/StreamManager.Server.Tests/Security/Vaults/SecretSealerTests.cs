using System.Security.Cryptography;
using StreamManager.Server.Security.Vaults;

namespace StreamManager.Server.Tests.Security.Vaults;

public sealed class SecretSealerTests : IDisposable
{
    private readonly SecretSealer _sealer = new(new byte[32]);

    [Theory]
    [InlineData("")]
    [InlineData("live_123")]
    [InlineData("ключ 🔑")]
    public void Open_WhatWasSealed_GivesItBack(string text) => Assert.Equal(text, _sealer.TryOpen(_sealer.Seal(text, "a"), "a"));

    [Fact]
    public void Seal_SameTextTwice_DiffersAndHidesIt()
    {
        var (one, two) = (_sealer.Seal("secret", "a"), _sealer.Seal("secret", "a"));
        Assert.NotEqual(one, two);
        Assert.DoesNotContain("secret", one, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ForAnotherOwner_Fails() => Assert.Null(_sealer.TryOpen(_sealer.Seal("secret", "a"), "b"));

    [Fact]
    public void Open_WithAnotherKey_Fails()
    {
        using var other = new SecretSealer(RandomNumberGenerator.GetBytes(32));
        Assert.Null(other.TryOpen(_sealer.Seal("secret", "a"), "a"));
    }

    [Fact]
    public void Open_EveryFlippedByteAndEveryPrefix_Fails()
    {
        var box = Convert.FromBase64String(_sealer.Seal("secret", "a"));
        for (var i = 0; i < box.Length; i++)
        {
            box[i] ^= 1;
            Assert.Null(_sealer.TryOpen(Convert.ToBase64String(box), "a"));
            box[i] ^= 1;
            Assert.Null(_sealer.TryOpen(Convert.ToBase64String(box, 0, i), "a"));
        }

        Assert.Null(_sealer.TryOpen("not base64!", "a"));
    }

    public void Dispose() => _sealer.Dispose();
}
