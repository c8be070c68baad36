using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Webhooks;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookDeliveryTests
{
    [Fact]
    public async Task Event_ThatIsWanted_ArrivesSignedWithItsId()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 202);
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "program.*");
        harness.Publish("destination.live");
        var happened = harness.Publish();
        await receiver.WaitForAsync(1);
        var delivery = await harness.WaitForAsync(webhook, delivery => delivery.State is DeliveryState.Delivered);
        var received = Assert.Single(receiver.Received);
        Assert.Equal(happened.Id, received.Id);
        Assert.Equal(happened.Time, received.At);
        Assert.True(received.IsSignedWith(webhook.Secrets[0].Text));
        Assert.False(received.IsSignedWith(WebhookSignature.NewSecret()));
        Assert.Equal("program.onAir", received.Json.GetProperty("type").GetString());
        Assert.Equal("start", received.Json.GetProperty("data").GetProperty("reason").GetString());
        Assert.Equal(202, Assert.Single(delivery.Attempts).Status);
        Assert.Equal(received.Body, delivery.Body);
        Assert.Single(harness.DeliveriesOf(webhook));
    }

    [Fact]
    public async Task Event_OfAnotherChannelOrWhileOff_IsNotSent()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        await harness.Parts.Catalog.UpdateAsync(webhook.Id, current => current with { ChannelId = "second" }, CancellationToken.None);
        harness.Publish(channelId: "main");
        harness.Publish(channelId: null);
        await harness.Parts.Catalog.UpdateAsync(webhook.Id, current => current with { Enabled = false }, CancellationToken.None);
        harness.Publish(channelId: "second");

        // What comes after them proves that they were passed over.
        var last = await harness.AddAsync(receiver.Url, "*");
        harness.Publish("program.offAir", "second");
        await harness.WaitForAsync(last, delivery => delivery.State is DeliveryState.Delivered);
        Assert.Equal("program.offAir", Assert.Single(receiver.Received).Json.GetProperty("type").GetString());
        Assert.Empty(harness.DeliveriesOf(webhook));
    }

    [Fact]
    public async Task Receiver_ThatFailsForADay_IsTriedBySchedule_ThenSwitchedOffAndTold()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 500);
        await using var other = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "program.onAir");
        var owner = await harness.AddAsync(other.Url, "webhook.disabled");
        var happened = harness.Publish();
        for (var made = 1; made < WebhookSchedule.Offsets.Length; made++)
        {
            var delivery = await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == made);
            Assert.Equal(DeliveryState.Pending, delivery.State);
            harness.AdvanceTo(delivery.NextAttemptAt!.Value.AddSeconds(-2));
            harness.AdvanceTo(delivery.NextAttemptAt.Value.AddSeconds(1));
        }

        var over = await harness.WaitForAsync(webhook, delivery => delivery.State is DeliveryState.Failed);
        Assert.Equal(WebhookSchedule.Offsets.Length, over.Attempts.Length);
        var received = receiver.Received.ToArray();
        Assert.All(received, one => Assert.Equal(happened.Id, one.Id));
        Assert.All(received, one => Assert.True(one.IsSignedWith(webhook.Secrets[0].Text)));
        for (var i = 1; i < received.Length; i++)
        {
            var gap = WebhookSchedule.Offsets[i] - WebhookSchedule.Offsets[i - 1];
            var late = received[i].At - happened.Time - WebhookSchedule.Offsets[i];
            Assert.InRange(late.TotalSeconds, 0, (gap.TotalSeconds * 0.1) + 2);
        }

        harness.Clock.Advance(TimeSpan.FromSeconds(1));
        var told = await harness.HearAsync(WebhookEvents.Disabled);
        Assert.Equal(webhook.Id, (string?)told.Data["webhookId"]);
        Assert.Contains("500", (string?)told.Data["reason"], StringComparison.Ordinal);
        var disabled = harness.Parts.Catalog.Find(webhook.Id)!;
        Assert.False(disabled.Enabled);
        Assert.NotNull(disabled.Disabling);
        await harness.WaitForAsync(owner, delivery => delivery.State is DeliveryState.Delivered);
        Assert.Equal(told.Id, Assert.Single(other.Received).Id);

        await harness.RestartAsync();
        Assert.Equal(disabled.Disabling, harness.Parts.Catalog.Find(webhook.Id)!.Disabling);
    }

    [Fact]
    public async Task Message_ThatTheReceiverNeverTakes_DoesNotSwitchItOffWhileItTakesOthers()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        receiver.Answer = (context, received) =>
        {
            context.Response.StatusCode = received.Body.Contains("poison", StringComparison.Ordinal) ? 400 : 200;
            return Task.CompletedTask;
        };
        var webhook = await harness.AddAsync(receiver.Url, "*");
        harness.Publish(data: new JsonObject { ["text"] = "poison" });
        await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        harness.Publish("program.offAir");
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Any(delivery => delivery.State is DeliveryState.Delivered));
        for (var made = 1; made < WebhookSchedule.Offsets.Length; made++)
        {
            WebhookDelivery? poison = null;
            await Eventually.TrueAsync(() => (poison = harness.DeliveriesOf(webhook).FirstOrDefault(one => one.Attempts.Length == made && one.NextAttemptAt is not null)) is not null);
            harness.AdvanceTo(poison!.NextAttemptAt!.Value.AddSeconds(1));
        }

        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Any(delivery => delivery.State is DeliveryState.Failed));
        harness.Clock.Advance(TimeSpan.FromSeconds(2));

        // Nothing is sent to an endpoint that is off or is about to be.
        var later = harness.Publish("program.switched");
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Any(delivery => delivery.EventId == later.Id && delivery.State is DeliveryState.Delivered));
        Assert.True(harness.Parts.Catalog.Find(webhook.Id)!.Enabled);
    }

    [Fact]
    public async Task Receiver_ThatIsGone_IsSwitchedOffAtOnce_AndWhatWaitsStaysInTheLog()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 503);
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        harness.Publish();
        var waiting = await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        receiver.AnswerWith(410);
        harness.Publish("program.offAir");
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Any(delivery => delivery.State is DeliveryState.Failed));
        harness.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("410", (string?)(await harness.HearAsync(WebhookEvents.Disabled)).Data["reason"], StringComparison.Ordinal);
        Assert.False(harness.Parts.Catalog.Find(webhook.Id)!.Enabled);
        var given = Assert.Single(harness.DeliveriesOf(webhook), delivery => delivery.Id == waiting.Id);
        Assert.Equal(DeliveryState.Failed, given.State);
        Assert.Contains("switched off", given.EndedBy, StringComparison.Ordinal);

        // Switched on again, it is redelivered by hand: the same event, from the beginning.
        receiver.AnswerWith(200);
        await harness.Parts.Catalog.UpdateAsync(webhook.Id, current => current with { Enabled = true, Disabling = null }, CancellationToken.None);
        var again = harness.Parts.Dispatcher.Redeliver(webhook.Id, given.Id)!;
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Any(delivery => delivery.Id == again.Id && delivery.State is DeliveryState.Delivered));
        Assert.Equal(given.EventId, receiver.Received.Last().Id);
        Assert.Null(harness.Parts.Dispatcher.Redeliver(webhook.Id, "dlv_nothing"));
    }

    [Theory]
    [InlineData(429, "120", 120)]
    [InlineData(503, "120", 120)]
    [InlineData(503, "Tue, 01 Jan 2030 00:02:00 GMT", 120)]
    [InlineData(503, "99999999", 3_600)]
    [InlineData(503, "nonsense", 5)]
    [InlineData(500, "120", 5)]
    [InlineData(302, null, 5)]
    public async Task Receiver_ThatAsksForTime_GetsItWithinBounds(int status, string? retryAfter, int seconds)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        receiver.AnswerWith(status, retryAfter);
        var webhook = await harness.AddAsync(receiver.Url, "*");
        var happened = harness.Publish();
        var delivery = await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        Assert.InRange((delivery.NextAttemptAt!.Value - happened.Time).TotalSeconds, seconds, seconds + 1);
        Assert.Equal(status, delivery.Attempts[0].Status);

        // All of the endpoint waits when it asked for that, not this delivery alone.
        receiver.AnswerWith(200);
        var second = harness.Publish("program.offAir");
        if (seconds > 5)
            await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Length == 2);
        else
            await receiver.WaitForAsync(2);
        harness.Clock.Advance(TimeSpan.FromSeconds(seconds - 2));
        harness.Clock.Advance(TimeSpan.FromSeconds(4));
        await receiver.WaitForAsync(3);
        var at = receiver.Received.First(received => received.Id == second.Id).At;
        Assert.InRange((at - happened.Time).TotalSeconds, seconds > 5 ? seconds : 0, seconds > 5 ? seconds + 2 : 0);
    }

    [Fact]
    public async Task Receiver_ThatHangs_HoldsUpNobodyElse_AndTimesOut()
    {
        using var release = new CancellationTokenSource();
        await using var slow = await WebhookReceiver.StartAsync();
        await using var quick = await WebhookReceiver.StartAsync();
        slow.Answer = (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, CancellationTokenSource.CreateLinkedTokenSource(release.Token, context.RequestAborted).Token);
        await using var harness = await WebhookHarness.StartAsync();
        var hanging = await harness.AddAsync(slow.Url, "*");
        var webhook = await harness.AddAsync(quick.Url, "*");
        for (var i = 0; i < 50; i++)
            harness.Publish();
        await quick.WaitForAsync(50);
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Count(delivery => delivery.State is DeliveryState.Delivered) == 50);
        await slow.WaitForAsync(WebhookLimits.MostAtOnce);
        Assert.Equal(WebhookLimits.MostAtOnce, slow.Received.Count);

        harness.Clock.Advance(WebhookLimits.AttemptTimeout);
        await slow.WaitForAsync(2 * WebhookLimits.MostAtOnce);
        var failed = harness.DeliveriesOf(hanging).Where(delivery => delivery.Attempts.Length == 1).ToArray();
        Assert.Equal(WebhookLimits.MostAtOnce, failed.Length);
        Assert.All(failed, delivery => Assert.Equal("No answer in time.", delivery.Attempts[0].Error));
        await release.CancelAsync();
    }

    [Fact]
    public async Task Answer_ThatNeverEnds_IsReadInPartAndKeptInLess()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        var key = webhook.Secrets[0].Text;
        receiver.Answer = async (context, _) =>
        {
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync($"\u001b[31mno\0\r\n\u202e{key} {key["whsec_".Length..]} ä\ud83d\ude00 ");
            var piece = new byte[64 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        };
        harness.Publish();
        var attempt = (await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1)).Attempts[0];
        Assert.Equal(500, attempt.Status);
        Assert.InRange(attempt.Answer!.Length, 1, WebhookLimits.KeptAnswer);
        Assert.Equal("[31mno whsec_(hidden) (hidden) ä\ud83d\ude00", attempt.Answer);
    }

    [Fact]
    public async Task Answer_ThatDripsAfterItsStatus_CountsByItsStatus()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = async (context, _) =>
        {
            await context.Response.WriteAsync("{");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        };
        using var http = new OutboundHttp(new OutboundHttpSettings { AllowPrivateAddresses = true });
        var webhook = new WebhookDefinition { Id = "wh_1", Url = receiver.Url, CreatedAt = default, Secrets = [new WebhookSecret(WebhookSignature.NewSecret(), null)] };

        // By the real clock: no other one could tell when the header has come.
        var answer = await new WebhookSender(http, TimeProvider.System).SendAsync(webhook, "evt_1", "{}"u8.ToArray(), TimeSpan.FromSeconds(3), CancellationToken.None);
        Assert.Equal((200, true, false), (answer.Status, answer.IsSuccess, answer.IsWholeBody));
    }

    [Fact]
    public async Task Restart_InTheMiddleOfTheSchedule_GoesOnWhereItWas()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 500);
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        var happened = harness.Publish();
        var first = await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        harness.AdvanceTo(first.NextAttemptAt!.Value.AddSeconds(1));
        var second = await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 2);

        await harness.RestartAsync();
        var restored = Assert.Single(harness.DeliveriesOf(webhook));
        Assert.Equal(second.NextAttemptAt, restored.NextAttemptAt);
        Assert.Equal(second.Attempts, restored.Attempts);
        receiver.AnswerWith(200);
        harness.AdvanceTo(second.NextAttemptAt!.Value.AddSeconds(1));
        var done = await harness.WaitForAsync(webhook, delivery => delivery.State is DeliveryState.Delivered);
        Assert.Equal(3, done.Attempts.Length);
        Assert.Equal([happened.Id, happened.Id, happened.Id], receiver.Received.Select(received => received.Id));
        Assert.True(receiver.Received.Last().IsSignedWith(webhook.Secrets[0].Text));

        await harness.RestartAsync();
        Assert.Equal(DeliveryState.Delivered, Assert.Single(harness.DeliveriesOf(webhook)).State);
        await harness.Parts.Catalog.RemoveAsync(webhook.Id, _ => true, CancellationToken.None);
        await harness.RestartAsync();
        Assert.Empty(await harness.Store.ListAsync("webhook-delivery", CancellationToken.None));
    }

    [Fact]
    public async Task Store_Away_DeliveriesGoOnAndAreWrittenLater()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        harness.Store.Cut();
        harness.Publish();
        await harness.WaitForAsync(webhook, delivery => delivery.State is DeliveryState.Delivered);

        // An endpoint that is gone is asked no more, though that cannot be written down yet.
        receiver.AnswerWith(410);
        harness.Publish("program.offAir");
        await receiver.WaitForAsync(2);
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Count(delivery => delivery.State is not DeliveryState.Pending) == 2);
        harness.Publish();
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Length == 3);
        harness.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(harness.Parts.Catalog.Find(webhook.Id)!.Enabled);

        harness.Store.Restore();
        await Eventually.TrueAsync(() =>
        {
            harness.Clock.Advance(TimeSpan.FromSeconds(1));
            return !harness.Parts.Catalog.Find(webhook.Id)!.Enabled;
        });
        Assert.Equal(2, receiver.Received.Count);
        await Eventually.TrueAsync(async () =>
        {
            harness.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await harness.Store.ListAsync("webhook-delivery", CancellationToken.None)).Length == 3;
        });
    }

    [Fact]
    public async Task Queue_TooLong_DropsTheOldestCountsAndTells()
    {
        await using var harness = await WebhookHarness.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync(status: 503);
        receiver.AnswerWith(503, "3000");
        var webhook = await harness.AddAsync(receiver.Url, "program.onAir");
        harness.Publish();
        await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        for (var i = 1; i < WebhookLimits.MostPending + 30; i++)
            harness.Publish();
        await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id) is { Pending: WebhookLimits.MostPending, Lost: 30 });

        // Large ones: bounded by bytes.
        for (var i = 0; i < 150; i++)
            harness.Publish(data: new JsonObject { ["text"] = new string('x', 19_000) });
        await Eventually.TrueAsync(() => harness.DeliveriesOf(webhook).Count(delivery => delivery.Size > 19_000) is > 100 and < 111);
        Assert.InRange(harness.DeliveriesOf(webhook).Sum(delivery => (long)delivery.Size), 1, WebhookLimits.MostPendingBytes);

        harness.Clock.Advance(TimeSpan.FromMinutes(1));
        var lost = await harness.HearAsync(WebhookEvents.Lost);
        Assert.Equal(webhook.Id, (string?)lost.Data["webhookId"]);
        Assert.Equal(harness.Parts.Dispatcher.StatusOf(webhook.Id).Lost, (long)lost.Data["count"]!);
    }

    [Fact]
    public async Task Log_OfWhatIsOver_IsBounded()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        for (var i = 0; i < WebhookLimits.MostFinished + 50; i++)
            harness.Publish();
        await receiver.WaitForAsync(WebhookLimits.MostFinished + 50);
        await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id).Pending == 0);
        Assert.Equal(WebhookLimits.MostFinished, harness.DeliveriesOf(webhook).Length);
        await harness.RestartAsync();
        Assert.Equal(WebhookLimits.MostFinished, (await harness.Store.ListAsync("webhook-delivery", CancellationToken.None)).Length);
        harness.Clock.Advance(WebhookLimits.DeliveryLifetime);
        Assert.Empty(harness.DeliveriesOf(webhook));
    }

    [Fact]
    public async Task EventsAboutWebhooks_MakeNoLoop()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*", "webhook.*", "audit.*");
        harness.Publish(WebhookEvents.Lost);
        harness.Publish("audit.webhook.created");
        harness.Publish("audit.user.created");
        harness.Publish(WebhookEvents.Disabled);
        await receiver.WaitForAsync(2);
        await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id).Pending == 0);
        Assert.Equal(["audit.user.created", "webhook.disabled"], receiver.Received.Select(received => received.Json.GetProperty("type").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Secret_Rotated_OldAndNewSignUntilTheOverlapIsOver()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        var old = webhook.Secrets[0].Text;
        var secret = WebhookSignature.NewSecret();
        var now = harness.Clock.GetUtcNow();
        await harness.Parts.Catalog.UpdateAsync(webhook.Id, current => current.Rotated(secret, now, now.AddHours(1)), CancellationToken.None);
        await harness.RestartAsync();
        harness.Publish();
        await receiver.WaitForAsync(1);
        Assert.True(receiver.Received.Last().IsSignedWith(old));
        Assert.True(receiver.Received.Last().IsSignedWith(secret));
        await harness.WaitForAsync(webhook, delivery => delivery.State is DeliveryState.Delivered);
        harness.Clock.Advance(TimeSpan.FromHours(1));
        harness.Publish();
        await receiver.WaitForAsync(2);
        Assert.False(receiver.Received.Last().IsSignedWith(old));
        Assert.True(receiver.Received.Last().IsSignedWith(secret));
    }

    [Fact]
    public async Task Replay_SendsWhatTheJournalHas_OnceAndBounded()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "program.*");
        var start = harness.Clock.GetUtcNow();
        await WebhookJournal.AppendAsync(harness.Journal, start.AddMinutes(-1), 1, "program.onAir");
        await WebhookJournal.AppendAsync(harness.Journal, start, 700, "program.onAir");
        await WebhookJournal.AppendAsync(harness.Journal, start, 10, "destination.live");

        var history = await harness.Parts.History.ReadAsync(start, webhook.Wants, CancellationToken.None);
        Assert.Equal(700, history.Length);
        var first = harness.Parts.Dispatcher.Replay(webhook, history);
        Assert.Equal(WebhookLimits.MostReplayed, first.Queued);
        await receiver.WaitForAsync(WebhookLimits.MostReplayed);
        Assert.Equal(history.Take(WebhookLimits.MostReplayed).Select(happened => happened.Id).Order(StringComparer.Ordinal), receiver.Received.Select(received => received.Id).Order(StringComparer.Ordinal));
        Assert.Equal(history[WebhookLimits.MostReplayed].Time, first.Next);

        var rest = harness.Parts.Dispatcher.Replay(webhook, await harness.Parts.History.ReadAsync(first.Next!.Value, webhook.Wants, CancellationToken.None));
        Assert.Equal((200, (DateTimeOffset?)null), (rest.Queued, rest.Next));
        await receiver.WaitForAsync(700);
        Assert.Equal(700, receiver.Received.Select(received => received.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Replay_OfWhatWaits_QueuesNothingTwice()
    {
        await using var receiver = await WebhookReceiver.StartAsync(status: 500);
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(receiver.Url, "*");
        var happened = harness.Publish();
        await harness.WaitForAsync(webhook, delivery => delivery.Attempts.Length == 1);
        Assert.Equal(new WebhookReplay(0, 1, null), harness.Parts.Dispatcher.Replay(webhook, [happened]));
    }
}
