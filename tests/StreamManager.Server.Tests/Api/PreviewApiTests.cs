using System.Net;

namespace StreamManager.Server.Tests.Api;

public sealed class PreviewApiTests
{
    [Theory]
    [InlineData("/preview/main.flv")]
    [InlineData("/Preview/main.flv")]
    public async Task Head_OfAPictureThatNeverEnds_IsNotTaken(string path)
    {
        await using var server = await RunningServer.StartAsync();
        Assert.Equal(System.Net.HttpStatusCode.MethodNotAllowed, (await server.SendAsync(HttpMethod.Head, path)).Status);
    }

    [Fact]
    public async Task Flv_OnAir_StreamsCountsAndCanBeKicked()
    {
        await using var server = await RunningServer.StartAsync("start: always\n");
        await server.WaitForStateAsync("fallback");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/preview/main.flv?token={RunningServer.Token}");
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("video/x-flv", response.Content.Headers.ContentType?.ToString());
        Assert.True(response.Headers.TransferEncodingChunked);
        Assert.Contains("no-cache", response.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var start = new byte[13];
        await body.ReadExactlyAsync(start, TestContext.Current.CancellationToken);
        Assert.Equal("FLV"u8, start.AsSpan(0, 3));

        var viewer = Assert.Single((await server.GetAsync("/api/streams")).Json.EnumerateArray());
        Assert.Equal(("http-flv", "player", "main"), (viewer.GetProperty("protocol").GetString(), viewer.GetProperty("connectionType").GetString(), viewer.GetProperty("streamPath").GetString()));
        await server.WaitForAsync("/api/status", status => status.GetProperty("viewers").GetInt32() == 1);
        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/streams/{viewer.GetProperty("clientId").GetString()}")).Status);
        await server.WaitForAsync("/api/streams", streams => streams.GetArrayLength() == 0);
        await server.WaitForAsync("/api/status", status => status.GetProperty("viewers").GetInt32() == 0);
    }

    [Fact]
    public async Task Flv_WhenTheBroadcastEnds_Ends()
    {
        await using var server = await RunningServer.StartAsync("start: always\n");
        await server.WaitForStateAsync("fallback");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/preview/main.flv?token={RunningServer.Token}");
        using var response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await server.PostAsync("/api/stop");
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        await server.WaitForAsync("/api/streams", streams => streams.GetArrayLength() == 0);
    }

    [Theory]
    [InlineData("/preview/main.flv?source=main")]
    [InlineData("/preview/main.flv?source=nothing")]
    [InlineData("/preview/main.jpg?source=nothing")]
    public async Task Preview_OfASourceThatIsAbsent_IsNotFound(string path)
    {
        await using var server = await RunningServer.StartAsync("start: always\n");
        await server.WaitForStateAsync("fallback");
        var answer = await server.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.Status);
        Assert.Equal("nothing_to_show", answer.Code);
    }
}
