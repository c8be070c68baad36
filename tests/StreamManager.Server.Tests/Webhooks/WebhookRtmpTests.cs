using System.Net;
using Microsoft.AspNetCore.Http;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>Webhooks that decide about a real encoder and a real player: ffmpeg over RTMP.</summary>
public sealed class WebhookRtmpTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;
    private WebhookReceiver _receiver = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Url(string name) => $"rtmp://127.0.0.1:{_server.Server.BoundPorts.Rtmp}/live/{name}";

    /// <summary>What the endpoint does, what holds without a decision, and whether the peer gets in.</summary>
    public static TheoryData<string, string, bool, string> Endpoints => new()
    {
        { "allows", "deny", true, "" },
        { "denies", "allow", false, "Not before eight." },
        { "down", "allow", true, "" },
        { "down", "deny", false, "could not be reached" },
        { "silent", "allow", true, "" },
        { "silent", "deny", false, "could not be reached" },
        { "drips", "deny", false, "could not be reached" },
        { "garbage", "deny", false, "could not be reached" },
        { "huge", "deny", false, "could not be reached" },
        { "redirects", "deny", false, "could not be reached" },
        { "redirects", "allow", true, "" },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Encoder_IsLetInOrToldWhyNot(string endpoint, string onFailure, bool isLetIn, string words)
    {
        await DecideAsync("connection.prePublish", endpoint, onFailure);
        await using var publisher = await FfmpegPublisher.StartAsync(Url("test-key-0123456789abcdef"));
        if (isLetIn)
        {
            await _server.WaitForStateAsync("live");
            Assert.True(publisher.IsRunning);
            return;
        }

        await publisher.Process.Exited.WaitAsync(Eventually.DefaultTimeout, Cancel);
        Assert.Contains(words, publisher.Log, StringComparison.Ordinal);
        Assert.Equal("absent", (await _server.GetAsync("/api/status")).Json.GetProperty("source").GetProperty("state").GetString());
        Assert.Empty((await _server.GetAsync("/api/streams")).Json.EnumerateArray());
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task Player_IsLetInOrToldWhyNot(string endpoint, string onFailure, bool isLetIn, string words)
    {
        await using var publisher = await FfmpegPublisher.StartAsync(Url("test-key-0123456789abcdef"));
        await _server.WaitForStateAsync("live");
        await DecideAsync("connection.prePlay", endpoint, onFailure);
        await using var player = FfmpegPlayer.Start(Url("main"), _folder.File("played.flv"), TimeSpan.FromSeconds(1));
        var code = await player.Exited.WaitAsync(Eventually.DefaultTimeout, Cancel);
        Assert.True(isLetIn == (code == 0), player.Log);
        Assert.Contains(words, player.Log, StringComparison.Ordinal);

        // Whoever is on air does not notice.
        Assert.Equal("live", (await _server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        Assert.True(publisher.IsRunning);
    }

    [Theory]
    [InlineData("PUT", "", """{ "allowedAddresses": ["203.0.113.0/24"], "kick": true }""")]
    [InlineData("POST", "/rotate", """{ "kick": true }""")]
    [InlineData("DELETE", "", null)]
    public async Task Encoder_WhoseKeyIsTakenAwayWhileTheWebhookDecides_IsClosed(string method, string action, string? body)
    {
        var made = (await _server.PostAsync("/api/keys", """{ "name": "Studio" }""")).Json;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _receiver.Answer = async (context, _) =>
        {
            await release.Task.WaitAsync(context.RequestAborted);
            await context.Response.WriteAsync("""{ "allow": true }""");
        };
        Assert.Equal(HttpStatusCode.Created, (await _server.PostAsync("/api/webhooks", $$"""{ "url": "{{_receiver.Url}}", "decides": ["connection.prePublish"], "decisionTimeoutMs": 5000, "onDecisionFailure": "allow" }""")).Status);

        await using var publisher = await FfmpegPublisher.StartAsync(Url(made.GetProperty("key").GetString()!));
        await _receiver.WaitForAsync(1);
        Assert.True((await _server.SendAsync(new HttpMethod(method), $"/api/keys/{made.GetProperty("id").GetString()}{action}", body)).Status is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.NoContent);
        release.SetResult();
        await publisher.Process.Exited.WaitAsync(Eventually.DefaultTimeout, Cancel);
        await _server.WaitForAsync("/api/streams", streams => streams.GetArrayLength() == 0);
    }

    public async ValueTask InitializeAsync()
    {
        _receiver = await WebhookReceiver.StartAsync();
        _server = await RunningServer.StartAsync("ingest_key: test-key-0123456789abcdef\nwebhook_allow_private_addresses: true\n", _folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
        _folder.Dispose();
    }

    private async Task DecideAsync(string type, string endpoint, string onFailure)
    {
        switch (endpoint)
        {
            case "allows":
                _receiver.AnswerWith(200, body: """{ "allow": true }""");
                break;
            case "denies":
                _receiver.AnswerWith(200, body: """{ "allow": false, "reason": "Not before eight." }""");
                break;
            case "silent":
                _receiver.Answer = (context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            case "drips":
                _receiver.Answer = async (context, _) =>
                {
                    for (var space = 0; !context.RequestAborted.IsCancellationRequested && space < 1_000; space++)
                    {
                        await context.Response.WriteAsync(" ");
                        await context.Response.Body.FlushAsync();
                        await Task.Delay(TimeSpan.FromMilliseconds(20));
                    }
                };
                break;
            case "garbage":
                _receiver.AnswerWith(200, body: "{ \"allow\": \"\0\u0001 yes, of course");
                break;
            case "huge":
                _receiver.Answer = async (context, _) =>
                {
                    await context.Response.WriteAsync("""{ "allow": true, "reason": " """);
                    for (var kilobyte = 0; !context.RequestAborted.IsCancellationRequested && kilobyte < 100_000; kilobyte++)
                        await context.Response.WriteAsync(new string('x', 1_024));
                };
                break;
            case "redirects":
                // To where it would be allowed.
                _receiver.Answer = async (context, received) =>
                {
                    context.Response.StatusCode = received.Path == "/hook" ? 307 : 200;
                    context.Response.Headers.Location = "/elsewhere";
                    await context.Response.WriteAsync("""{ "allow": true }""");
                };
                break;
        }

        var url = endpoint == "down" ? $"http://127.0.0.1:{FreePort.Next()}/" : _receiver.Url;
        var made = await _server.PostAsync("/api/webhooks", $$"""{ "url": "{{url}}", "decides": ["{{type}}"], "decisionTimeoutMs": 700, "onDecisionFailure": "{{onFailure}}" }""");
        Assert.True(made.Status is HttpStatusCode.Created, made.Text);
    }
}
