namespace StreamManager.Rtmp.Tests;

public sealed class AcknowledgementWindowTests
{
    [Fact]
    public void TryAcknowledge_WithoutAWindow_IsNever() => Assert.False(default(AcknowledgementWindow).TryAcknowledge(long.MaxValue, out _));

    [Fact]
    public void TryAcknowledge_PerWindow_OnceEach()
    {
        var window = new AcknowledgementWindow { Size = 1000 };
        Assert.False(window.TryAcknowledge(999, out _));
        Assert.True(window.TryAcknowledge(1500, out var number));
        Assert.Equal(1500u, number);
        Assert.False(window.TryAcknowledge(2499, out _));
        Assert.True(window.TryAcknowledge(2500, out _));
    }

    [Fact]
    public void TryAcknowledge_AcrossFourGibibytes_NumberWrapsAndNothingElse()
    {
        const long wrap = 1L << 32;
        var window = new AcknowledgementWindow { Size = 1000 };
        Assert.True(window.TryAcknowledge(wrap - 1, out var number));
        Assert.Equal(uint.MaxValue, number);
        Assert.False(window.TryAcknowledge(wrap + 998, out _));
        Assert.True(window.TryAcknowledge(wrap + 999, out number));
        Assert.Equal(999u, number);
    }
}
