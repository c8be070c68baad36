using StreamManager.Rtmp.Server;
using StreamManager.TestKit;

namespace StreamManager.Rtmp.Tests.Server;

public sealed class RefusalThrottleTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void RecordFailure_Repeated_DelayGrowsToItsLimit()
    {
        var throttle = new RefusalThrottle(_time);
        var delays = Enumerable.Range(0, 10).Select(_ => throttle.RecordFailure("192.0.2.1").TotalSeconds);
        Assert.Equal([0, 0, 0, 1, 2, 4, 8, 10, 10, 10], delays);
    }

    [Fact]
    public void RecordFailure_OtherAddress_IsNotSlowed()
    {
        var throttle = new RefusalThrottle(_time);
        for (var i = 0; i < 10; i++)
            throttle.RecordFailure("192.0.2.1");
        Assert.Equal(TimeSpan.Zero, throttle.RecordFailure("192.0.2.2"));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    public void RecordFailure_SameCustomer_CountsTogether(string one, string other)
    {
        var throttle = new RefusalThrottle(_time);
        for (var i = 0; i < RefusalThrottle.FreeFailures; i++)
            throttle.RecordFailure(one);
        Assert.Equal(RefusalThrottle.FirstDelay, throttle.RecordFailure(other));
    }

    [Fact]
    public void RecordFailure_AfterALongPause_IsForgotten()
    {
        var throttle = new RefusalThrottle(_time);
        for (var i = 0; i < 10; i++)
            throttle.RecordFailure("192.0.2.1");
        _time.Advance(RefusalThrottle.Memory);
        Assert.Equal(TimeSpan.Zero, throttle.RecordFailure("192.0.2.1"));
        Assert.Equal(1, throttle.Count);
    }

    [Fact]
    public void RecordFailure_ManyAddresses_TableStaysBoundedAndKeepsTheNewest()
    {
        var throttle = new RefusalThrottle(_time);
        for (var i = 0; i < RefusalThrottle.MaxAddresses + 100; i++)
        {
            throttle.RecordFailure($"10.0.{i >> 8}.{i & 255}");
            throttle.RecordFailure("192.0.2.1");
        }

        Assert.Equal(RefusalThrottle.MaxAddresses, throttle.Count);
        Assert.Equal(RefusalThrottle.MaxDelay, throttle.RecordFailure("192.0.2.1"));
    }
}
