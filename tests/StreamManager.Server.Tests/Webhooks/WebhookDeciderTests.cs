using System.Text.Json.Nodes;
using StreamManager.Server.Events;
using StreamManager.Server.Webhooks;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class WebhookDeciderTests
{
    private const string Publish = "connection.prePublish";

    [Fact]
    public async Task Nobody_Decides_AllowedAtOnce()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var harness = await WebhookHarness.StartAsync();
        await harness.AddAsync(Decider(harness, receiver.Url) with { Enabled = false });
        await harness.AddAsync(Decider(harness, receiver.Url) with { ChannelId = "second" });
        await harness.AddAsync(Decider(harness, receiver.Url) with { Decides = ["connection.prePlay"], Events = ["*"] });
        var decision = harness.Parts.Decider.DecideAsync(Wanted(harness), CancellationToken.None);
        Assert.True(decision.IsCompletedSuccessfully);
        Assert.True((await decision).IsAllowed);
    }

    [Theory]
    [InlineData("""{ "allow": true }""", true, null)]
    [InlineData("""{ "allow": true, "more": [1] }""", true, null)]
    [InlineData("""{ "allow": false }""", false, "Refused.")]
    [InlineData("""{ "allow": false, "reason": "Not before eight." }""", false, "Not before eight.")]
    [InlineData("""{ "allow": false, "reason": "a\r\nb\u001b[31m\u202e" }""", false, "a  b [31m")]
    public async Task Receiver_Decides(string body, bool isAllowed, string? reason)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerWith(200, body: body);
        await using var harness = await WebhookHarness.StartAsync();
        foreach (var otherwise in new[] { DecisionFallback.Allow, DecisionFallback.Deny })
        {
            var webhook = await harness.AddAsync(Decider(harness, receiver.Url) with { OnDecisionFailure = otherwise });
            var wanted = Wanted(harness);
            Assert.Equal(new WebhookDecision(isAllowed, reason), await harness.Parts.Decider.DecideAsync(wanted, CancellationToken.None));
            Assert.Equal(wanted.Id, receiver.Received.Last().Id);
            Assert.True(receiver.Received.Last().IsSignedWith(webhook.Secrets[0].Text));
            Assert.Null(harness.Parts.Decider.LastOf(webhook.Id)!.Error);
            await harness.Parts.Catalog.RemoveAsync(webhook.Id, _ => true, CancellationToken.None);
        }
    }

    [Theory]
    [InlineData(200, "")]
    [InlineData(200, "true")]
    [InlineData(200, "{}")]
    [InlineData(200, """{ "allow": "true" }""")]
    [InlineData(200, """{ "allow": 1 }""")]
    [InlineData(200, """{ "allow": null }""")]
    [InlineData(200, """{ "Allow": true }""")]
    [InlineData(200, """{ "allow": true, "allow": false }""")]
    [InlineData(200, """[{ "allow": true }]""")]
    [InlineData(200, """{ "allow": true""")]
    [InlineData(201, """{ "allow": true }""")]
    [InlineData(204, "")]
    [InlineData(403, """{ "allow": true }""")]
    [InlineData(500, """{ "allow": true }""")]
    public async Task Answer_ThatIsNoDecision_CountsAsTheSettingSays(int status, string body)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerWith(status, body: body);
        await using var harness = await WebhookHarness.StartAsync();
        await AssertFailsBySettingAsync(harness, receiver.Url);
    }

    [Fact]
    public async Task Answer_TooLarge_CountsAsTheSettingSays()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerWith(200, body: """{ "allow": true }""" + new string(' ', WebhookLimits.LargestAnswer));
        await using var harness = await WebhookHarness.StartAsync();
        await AssertFailsBySettingAsync(harness, receiver.Url);
    }

    [Fact]
    public async Task Nobody_There_CountsAsTheSettingSays()
    {
        await using var harness = await WebhookHarness.StartAsync();
        await AssertFailsBySettingAsync(harness, $"http://127.0.0.1:{FreePort.Next()}/");
    }

    [Fact]
    public async Task Answer_AfterTheDeadline_CountsAsTheSettingSays()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        await using var harness = await WebhookHarness.StartAsync();
        var webhook = await harness.AddAsync(Decider(harness, receiver.Url) with { DecisionTimeout = TimeSpan.FromSeconds(3) });
        var decision = harness.Parts.Decider.DecideAsync(Wanted(harness), CancellationToken.None).AsTask();
        await receiver.WaitForAsync(1);
        harness.Clock.Advance(TimeSpan.FromSeconds(2.9));
        Assert.False(decision.IsCompleted);
        harness.Clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False((await decision).IsAllowed);
        Assert.Equal("No answer in time.", harness.Parts.Decider.LastOf(webhook.Id)!.Error);
    }

    [Fact]
    public async Task Decisions_TooManyAtOnce_WaitWithinTheirDeadline()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        await using var harness = await WebhookHarness.StartAsync();
        await harness.AddAsync(Decider(harness, receiver.Url) with { OnDecisionFailure = DecisionFallback.Allow });
        var decisions = Enumerable.Range(0, WebhookLimits.MostDecisionsAtOnce + 5).Select(_ => harness.Parts.Decider.DecideAsync(Wanted(harness), CancellationToken.None).AsTask()).ToArray();
        await receiver.WaitForAsync(WebhookLimits.MostDecisionsAtOnce);
        harness.Clock.Advance(WebhookLimits.DefaultDecisionTimeout);
        Assert.All(await Task.WhenAll(decisions), decision => Assert.True(decision.IsAllowed));
        Assert.Equal(WebhookLimits.MostDecisionsAtOnce, receiver.Received.Count);
    }

    [Fact]
    public async Task Two_Decide_OneThatRefusesIsEnough()
    {
        await using var yes = await WebhookReceiver.StartAsync();
        await using var no = await WebhookReceiver.StartAsync();
        yes.AnswerWith(200, body: """{ "allow": true }""");
        no.AnswerWith(200, body: """{ "allow": false, "reason": "No." }""");
        await using var harness = await WebhookHarness.StartAsync();
        await harness.AddAsync(Decider(harness, yes.Url));
        await harness.AddAsync(Decider(harness, no.Url));
        Assert.Equal(new WebhookDecision(false, "No."), await harness.Parts.Decider.DecideAsync(Wanted(harness), CancellationToken.None));
        Assert.Single(yes.Received);
        Assert.Equal(ConnectionVerdict.Denied("No."), await harness.Parts.DecideAsync(Wanted(harness), CancellationToken.None));
        no.AnswerWith(200, body: """{ "allow": true }""");
        Assert.Equal(ConnectionVerdict.Allowed, await harness.Parts.DecideAsync(Wanted(harness), CancellationToken.None));
    }

    [Fact]
    public async Task Caller_ThatGivesUp_GetsNoDecision()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        await using var harness = await WebhookHarness.StartAsync();
        await harness.AddAsync(Decider(harness, receiver.Url) with { OnDecisionFailure = DecisionFallback.Allow });
        using var gone = new CancellationTokenSource();
        var decision = harness.Parts.Decider.DecideAsync(Wanted(harness), gone.Token).AsTask();
        await receiver.WaitForAsync(1);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => decision);
    }

    private static async Task AssertFailsBySettingAsync(WebhookHarness harness, string url)
    {
        foreach (var otherwise in new[] { DecisionFallback.Allow, DecisionFallback.Deny })
        {
            var webhook = await harness.AddAsync(Decider(harness, url) with { OnDecisionFailure = otherwise });
            var decision = await harness.Parts.Decider.DecideAsync(Wanted(harness), CancellationToken.None);
            Assert.Equal(otherwise is DecisionFallback.Allow, decision.IsAllowed);
            Assert.NotNull(harness.Parts.Decider.LastOf(webhook.Id)!.Error);
            await harness.Parts.Catalog.RemoveAsync(webhook.Id, _ => true, CancellationToken.None);
        }
    }

    private static ServerEvent Wanted(WebhookHarness harness) =>
        new($"evt_{Guid.NewGuid():N}", Publish, harness.Clock.GetUtcNow(), "main", null, new JsonObject { ["clientId"] = "rtmp-1" });

    private static WebhookDefinition Decider(WebhookHarness harness, string url) => new()
    {
        Id = WebhookCatalog.NewId(),
        Url = url,
        Decides = [Publish],
        CreatedAt = harness.Clock.GetUtcNow(),
        Secrets = [new WebhookSecret(WebhookSignature.NewSecret(), null)],
    };
}
