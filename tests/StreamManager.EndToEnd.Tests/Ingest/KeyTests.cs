using System.Text.Json;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Ingest;

/// <summary>Stream keys and signed addresses, with ffmpeg as the encoder and the player.</summary>
public sealed class KeyTests : IAsyncLifetime
{
    private ServerProcess _server = null!;

    [Fact]
    public async Task Key_AndItsAlias_Publish_AndRevokingItWhileOnAirKicksTheEncoder()
    {
        var made = await MakeAsync(new { name = "Studio", alias = "studio" });
        await using (var encoder = await FfmpegPublisher.StartAsync(_server.PublishUrlOf(Text(made, "key"))))
        {
            await _server.Api.WaitForStateAsync("live");
            await encoder.StopAsync();
        }

        await _server.Api.WaitForStateAsync("fallback");
        await using var byName = await FfmpegPublisher.StartAsync(_server.PublishUrlOf("studio"));
        await _server.Api.WaitForStateAsync("live");
        await Eventually.TrueAsync(async () => (await _server.Api.GetAsync($"/api/keys/{Text(made, "id")}")).Body.GetProperty("useCount").GetInt64() == 2);

        Assert.Equal(System.Net.HttpStatusCode.NoContent, (await _server.Api.SendAsync(HttpMethod.Delete, $"/api/keys/{Text(made, "id")}")).Status);
        Assert.NotEqual(0, await byName.Process.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        await _server.Api.WaitForStateAsync("fallback");
        await AssertRefusedAsync(_server.PublishUrlOf(Text(made, "key")), "not known");
        Assert.DoesNotContain(Text(made, "key"), _server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_ThatHasEnded_OrIsForOtherAddresses_IsRefusedInWords()
    {
        var ended = await MakeAsync(new { name = "a", expiresAt = TimeProvider.System.GetUtcNow().AddSeconds(2).UtcDateTime });
        await Eventually.TrueAsync(async () => Text((await _server.Api.GetAsync($"/api/keys/{Text(ended, "id")}")).Body, "state") == "expired");
        await AssertRefusedAsync(_server.PublishUrlOf(Text(ended, "key")), "has expired");
        var elsewhere = await MakeAsync(new { name = "b", allowedAddresses = (string[])["203.0.113.0/24"] });
        await AssertRefusedAsync(_server.PublishUrlOf(Text(elsewhere, "key")), "not allowed from your address");
    }

    [Fact]
    public async Task Key_Rotated_WorksBesideTheNewOneUntilTheOverlapIsOver()
    {
        var old = await MakeAsync(new { name = "a" });
        var next = (await _server.Api.PostAsync($"/api/keys/{Text(old, "id")}/rotate", new { overlapSeconds = 3600 })).Body;
        foreach (var key in (JsonElement[])[old, next])
        {
            await using var encoder = await FfmpegPublisher.StartAsync(_server.PublishUrlOf(Text(key, "key")));
            await _server.Api.WaitForStateAsync("live");
            await encoder.StopAsync();
            await _server.Api.WaitForStateAsync("fallback");
        }

        await using var onAir = await FfmpegPublisher.StartAsync(_server.PublishUrlOf(Text(next, "key")));
        await _server.Api.WaitForStateAsync("live");
        await _server.Api.PostAsync($"/api/keys/{Text(next, "id")}/rotate", new { overlapSeconds = 0 });
        await AssertRefusedAsync(_server.PublishUrlOf(Text(next, "key")), "was replaced");
        Assert.True(onAir.IsRunning, "nobody who is on air is kicked by a rotation");
        Assert.Equal("live", (await _server.Api.StatusAsync()).State);
    }

    [Fact]
    public async Task SignedAddresses_PublishAndPlay_AndWrongOnesDoNot()
    {
        var publish = (await _server.Api.PostAsync("/api/keys/sign", new { action = "publish", expiresInSeconds = 600 })).Body;
        await AssertRefusedAsync(Text(publish, "url") + "x", "not known");
        await using var encoder = await FfmpegPublisher.StartAsync(Text(publish, "url"));
        await _server.Api.WaitForStateAsync("live");

        var play = (await _server.Api.PostAsync("/api/keys/sign", new { action = "play", expiresInSeconds = 600 })).Body;
        using var directory = new TemporaryDirectory();
        await using var player = FfmpegPlayer.Start($"http://127.0.0.1:{_server.ApiPort}{Text(play, "previewPath")}", directory.File("signed.flv"), TimeSpan.FromSeconds(2));
        Assert.Equal(0, await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(player.File));
        foreach (var token in (string[])[Text(publish, "token"), Text(play, "token") + "x"])
        {
            await using var refused = FfmpegPlayer.Start($"http://127.0.0.1:{_server.ApiPort}/preview/main.flv?token={token}", directory.File("refused.flv"), TimeSpan.FromSeconds(2));
            Assert.NotEqual(0, await refused.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
            await Eventually.TrueAsync(() => refused.Log.Contains("401", StringComparison.Ordinal), describe: () => refused.Log);
        }
    }

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static string Text(JsonElement json, string field) => json.GetProperty(field).GetString()!;

    private static async Task AssertRefusedAsync(string url, string words)
    {
        await using var encoder = await FfmpegPublisher.StartAsync(url);
        Assert.NotEqual(0, await encoder.Process.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        await Eventually.TrueAsync(() => encoder.Log.Contains(words, StringComparison.Ordinal), describe: () => encoder.Log);
    }

    private async Task<JsonElement> MakeAsync(object fields)
    {
        var answer = await _server.Api.PostAsync("/api/keys", fields);
        Assert.Equal(System.Net.HttpStatusCode.Created, answer.Status);
        return answer.Body;
    }
}
