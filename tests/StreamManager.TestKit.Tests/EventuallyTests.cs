using Xunit;

namespace StreamManager.TestKit.Tests;

public sealed class EventuallyTests
{
    [Fact]
    public async Task TrueAsync_ConditionThatStaysFalse_ThrowsWithTheDescription()
    {
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.TrueAsync(() => false, TimeSpan.FromMilliseconds(1), () => "still 3 of 4"));
        Assert.Contains("still 3 of 4", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrueAsync_ConditionThatTurnsTrue_Returns()
    {
        var calls = 0;
        await Eventually.TrueAsync(() => ++calls == 3);
        Assert.Equal(3, calls);
    }
}
