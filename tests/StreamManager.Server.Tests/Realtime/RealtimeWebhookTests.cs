namespace StreamManager.Server.Tests.Realtime;

/// <summary>What clients are told of deliveries.</summary>
public sealed class RealtimeWebhookTests
{
    [Fact]
    public async Task Delivery_IsToldToWhoMayManage_AndNobodyElse()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { WebhookAllowPrivateAddresses = true });
        var watcher = (await server.PostAsync("/api/tokens", """{ "name": "watcher", "scopes": ["view", "operate"] }""")).Json.GetProperty("token").GetString();
        using var manager = await RealtimePeer.ConnectAsync(server);
        using var viewer = await RealtimePeer.ConnectAsync(server, watcher);

        // The hub has looked once.
        await manager.ReceiveAsync("metrics");
        var id = (await server.PostAsync("/api/webhooks", """{ "url": "http://127.0.0.1:1/", "events": ["audit.token.*"] }""")).Json.GetProperty("id").GetString();
        await server.PostAsync("/api/tokens", """{ "name": "ci", "scopes": ["view"] }""");
        var told = await manager.ReceiveAsync("webhooks");
        Assert.Equal([id], told.GetProperty("data").GetProperty("webhooks").EnumerateArray().Select(entry => entry.GetString()));

        // Whatever the manager was told of stands before the second of these.
        for (var metrics = 0; metrics < 3;)
        {
            var frame = (await viewer.ReceiveAsync())!.Value.GetProperty("type").GetString();
            Assert.NotEqual("webhooks", frame);
            metrics += frame == "metrics" ? 1 : 0;
        }
    }
}
