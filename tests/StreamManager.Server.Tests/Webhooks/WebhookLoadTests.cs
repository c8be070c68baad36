using System.Diagnostics;
using System.Text.Json.Nodes;
using StreamManager.Server.Storage;
using StreamManager.Server.Webhooks;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>A thousand events a second for endpoints of which one works, one is slow and one is dead.</summary>
public sealed class WebhookLoadTests(ITestOutputHelper output)
{
    private const int Seconds = 15;
    private const int PerSecond = 1_000;
    private const int Total = Seconds * PerSecond;

    /// <summary>Well below what an endpoint's queue holds, so that none is lost of the one that works, however slow the machine is.</summary>
    private const int MostAhead = WebhookLimits.MostPending - 200;

    [Fact]
    public async Task EndpointThatWorks_GetsEverything_BesideASlowAndADeadOne()
    {
        await using var harness = await WebhookHarness.StartAsync();
        await using var good = await WebhookReceiver.StartAsync();
        await using var slow = await WebhookReceiver.StartAsync();
        slow.Answer = (context, _) => Task.Delay(TimeSpan.FromMilliseconds(200), context.RequestAborted);
        var works = await harness.AddAsync(good.Url, "program.test");
        var drags = await harness.AddAsync(slow.Url, "program.test");
        var fails = await harness.AddAsync($"http://127.0.0.1:{FreePort.Next()}/", "program.test");
        var (start, memory) = (Stopwatch.GetTimestamp(), GC.GetTotalMemory(forceFullCollection: true));
        var published = new HashSet<string>();
        var told = new List<string>();
        for (var second = 0; second < Seconds; second++)
        {
            for (var i = 0; i < PerSecond; i++)
            {
                published.Add(harness.Publish("program.test", data: new JsonObject { ["text"] = new string('x', 1_000) }).Id);
                if (published.Count % 100 == 0)
                    await Eventually.TrueAsync(() => good.Received.Count >= published.Count - MostAhead, describe: () => $"{good.Received.Count} of {published.Count} came");
                Hear();
            }

            // Retries of the dead one, and the time-outs of the slow one.
            harness.Clock.Advance(TimeSpan.FromSeconds(1));
            foreach (var webhook in new[] { works, drags, fails })
                AssertBounded(harness, webhook);
            Assert.InRange(harness.Parts.Unwritten, 0, WebhookDeliveryRecords.MostWaiting);
        }

        await good.WaitForAsync(Total);
        output.WriteLine($"{Total} events in {Stopwatch.GetElapsedTime(start)}, {(GC.GetTotalMemory(forceFullCollection: true) - memory) >> 10} KiB more, of which {good.Received.Count + slow.Received.Count} received messages; unwritten {harness.Parts.Unwritten}");
        Assert.Equal(Total, good.Received.Count);
        Assert.Equal(published, good.Received.Select(received => received.Id).ToHashSet());
        Assert.Equal(0, harness.Heard.Lost);

        // Nothing that the dead one was to get has vanished: it waits, or it is counted.
        var status = harness.Parts.Dispatcher.StatusOf(fails.Id);
        Assert.Equal((Total, WebhookLimits.MostPending), (status.Pending + status.Lost, status.Pending));
        Assert.True(harness.Parts.Dispatcher.StatusOf(drags.Id).Lost > 0);
        Assert.NotEmpty(slow.Received);

        // Whose deliveries were lost is told, once a minute.
        harness.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, harness.Parts.Dispatcher.StatusOf(works.Id).Lost);
        await Eventually.TrueAsync(() =>
        {
            Hear();
            return told.Count >= 2;
        });
        Assert.Equal(new[] { drags.Id, fails.Id }.Order(), told.Order());

        void Hear()
        {
            while (harness.Heard.Reader.TryRead(out var happened))
            {
                if (happened.Type == "webhook.lost")
                    told.Add((string?)happened.Data["webhookId"] ?? "the bus");
            }
        }
    }

    [Fact]
    public async Task EndpointThatWasBusy_GetsTheNewestThatItsQueueHolds()
    {
        await using var harness = await WebhookHarness.StartAsync();
        await using var receiver = await WebhookReceiver.StartAsync();
        var busy = new TaskCompletionSource();
        receiver.Answer = (context, _) => busy.Task.WaitAsync(context.RequestAborted);
        var webhook = await harness.AddAsync(receiver.Url, "program.test");
        var published = new List<string>();
        while (published.Count < 3 * WebhookLimits.MostPending)
            published.Add(harness.Publish("program.test").Id);
        await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id) is { Pending: WebhookLimits.MostPending, Lost: 2 * WebhookLimits.MostPending });

        busy.SetResult();
        await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id).Pending == 0);
        var received = receiver.Received.Select(one => one.Id).ToHashSet();
        Assert.Superset(published.TakeLast(WebhookLimits.MostPending).ToHashSet(), received);

        // Before them came only those that were under way when it got busy.
        Assert.InRange(received.Count, WebhookLimits.MostPending, WebhookLimits.MostPending + WebhookLimits.MostAtOnce);
    }

    [Fact]
    public async Task Flood_WhileTheStoreIsAway_LeavesNothingToWriteButWhatIsStillKnown()
    {
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync($"http://127.0.0.1:{FreePort.Next()}/", "program.test");
        harness.Store.Cut();
        for (var published = 0; published < 5 * WebhookLimits.MostPending; published += WebhookLimits.MostPending)
        {
            for (var i = 0; i < WebhookLimits.MostPending; i++)
                harness.Publish("program.test");
            await Eventually.TrueAsync(() => harness.Parts.Dispatcher.StatusOf(webhook.Id) is var status && status.Pending + status.Lost == published + WebhookLimits.MostPending);
        }

        // And the one piece that was to be written when the store went away.
        Assert.InRange(harness.Parts.Unwritten, WebhookLimits.MostPending, WebhookLimits.MostPending + StateLimits.MostWrites);
        harness.Store.Restore();
        await Eventually.TrueAsync(() =>
        {
            // Until the writer has waited.
            if (harness.Parts.Unwritten >= WebhookLimits.MostPending)
                harness.Clock.Advance(TimeSpan.FromSeconds(1));
            return harness.Parts.Unwritten == 0;
        });
        await harness.RestartAsync();
        Assert.Equal(WebhookLimits.MostPending, harness.Parts.Dispatcher.StatusOf(webhook.Id).Pending);
    }

    private static void AssertBounded(WebhookHarness harness, WebhookDefinition webhook)
    {
        var deliveries = harness.DeliveriesOf(webhook);
        var (pending, finished) = (deliveries.Count(delivery => delivery.State is DeliveryState.Pending), deliveries.Count(delivery => delivery.State is not DeliveryState.Pending));
        Assert.InRange(pending, 0, WebhookLimits.MostPending);
        Assert.InRange(finished, 0, WebhookLimits.MostFinished);
        Assert.InRange(deliveries.Sum(delivery => delivery.Size), 0, WebhookLimits.MostPendingBytes + WebhookLimits.MostFinishedBytes);
    }
}
