using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookScheduleTests
{
    private static readonly DateTimeOffset First = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Next_AttemptsInTime_IsTheScheduleOfADay()
    {
        var offsets = new List<TimeSpan> { TimeSpan.Zero };
        for (DateTimeOffset? last = First; (last = WebhookSchedule.Next(First, last.Value, offsets.Count, null, 0)) is { } next;)
            offsets.Add(next - First);
        Assert.Equal(["00:00:00", "00:00:05", "00:05:00", "00:30:00", "02:00:00", "05:00:00", "10:00:00", "14:00:00", "20:00:00", "1.00:00:00"], offsets.Select(offset => offset.ToString()));
    }

    [Fact]
    public void Next_WithTheMostJitter_StaysBeforeTheAttemptAfterIt()
    {
        DateTimeOffset? last = First;
        for (var made = 1; made < WebhookSchedule.Offsets.Length; made++)
        {
            last = WebhookSchedule.Next(First, last!.Value, made, null, 1);
            Assert.True(last > First + WebhookSchedule.Offsets[made]);
            if (made + 1 < WebhookSchedule.Offsets.Length)
                Assert.True(last < First + WebhookSchedule.Offsets[made + 1]);
        }

        Assert.Null(WebhookSchedule.Next(First, last!.Value, WebhookSchedule.Offsets.Length, null, 1));
    }

    [Fact]
    public void Next_AfterTheServerWasDown_DoesNotMakeUpForWhatItMissed() =>
        Assert.Equal(First.AddHours(5), WebhookSchedule.Next(First, First.AddHours(3), 2, null, 0));

    [Fact]
    public void Next_AfterADayAway_IsNone() => Assert.Null(WebhookSchedule.Next(First, First.AddHours(25), 2, null, 0));

    [Fact]
    public void Next_ClockSetBack_NeitherWaitsForItNorTriesForEver()
    {
        var last = First.AddDays(-3);
        Assert.Equal(last.AddSeconds(5), WebhookSchedule.Next(First, last, 1, null, 0));
        Assert.Null(WebhookSchedule.Next(First, last, WebhookSchedule.Offsets.Length, null, 0));
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(120, 120)]
    [InlineData(3_600, 3_600)]
    [InlineData(1_000_000, 3_600)]
    [InlineData(-50, 5)]
    public void Next_ReceiverAsksForTime_GetsItWithinBounds(int asked, int seconds) =>
        Assert.Equal(First.AddSeconds(seconds), WebhookSchedule.Next(First, First, 1, First.AddSeconds(asked), 0));
}
