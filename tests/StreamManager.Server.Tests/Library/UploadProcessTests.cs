using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Library;

/// <summary>Uploads to a server in a process of its own: its memory, and what a kill leaves.</summary>
public sealed class UploadProcessTests : IAsyncLifetime
{
    private const int LargeFile = 200 << 20;

    private readonly TemporaryFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private HttpClient _client = null!;
    private ChildProcess _server = null!;

    [Fact]
    public async Task Upload_OfTwoHundredMegabytes_IsTakenInLittleMemory()
    {
        // What is used once, is used before.
        Assert.Equal(HttpStatusCode.Created, (await UploadAsync(new MemoryStream(await MediaSamples.GoodAsync("mp4")))).Status);
        var before = PeakMegabytes();
        var answer = await UploadAsync(await LargeAsync());
        Assert.True(answer.Status is HttpStatusCode.Created, answer.Text);
        Assert.InRange(JsonDocument.Parse(answer.Text).RootElement.GetProperty("size").GetInt64(), LargeFile, LargeFile + (1 << 20));
        Assert.InRange(PeakMegabytes() - before, 0, 48);
    }

    [Fact]
    public async Task Kill_WhileUploadsAreUnderWay_LeavesTemporaryFilesOnly_AndTheNextStartRemovesThem()
    {
        var kept = await UploadAsync(new MemoryStream(await MediaSamples.GoodAsync("png")));
        Assert.Equal(HttpStatusCode.Created, kept.Status);
        var files = MediaClient.Files(_folder);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gif\"\r\n\r\nGIF89a"), TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(new byte[500_000], TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Task.FromResult(MediaClient.Files(_folder).Length == files.Length + 1));
        _server.Kill();
        await _server.Exited;
        Assert.StartsWith(".incoming/", Assert.Single(MediaClient.Files(_folder).Except(files)), StringComparison.Ordinal);

        await StartAsync();
        Assert.Equal(files, MediaClient.Files(_folder));
        Assert.Single(JsonDocument.Parse((await SendAsync(HttpMethod.Get, "/api/media")).Text).RootElement.EnumerateArray());
    }

    [Fact]
    public async Task Kill_AtAnyInstantOfAnUpload_LeavesTheWholeFileOrNone()
    {
        var content = await MediaSamples.GoodAsync("png");
        var acknowledged = new List<string>();
        var random = new Random(5);
        for (var round = 0; round < 6; round++)
        {
            // No two of the same bytes: a text chunk's place is behind the end marker, where decoders do not look.
            byte[] different = [.. content, .. Encoding.ASCII.GetBytes($"round {round}")];
            var upload = UploadAsync(new MemoryStream(different));
            await Task.WhenAny(upload, Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 500)), CancellationToken.None));
            _server.Kill();
            await _server.Exited;
            try
            {
                if (await upload is { Status: HttpStatusCode.Created } answer)
                    acknowledged.Add(JsonDocument.Parse(answer.Text).RootElement.GetProperty("filename").GetString()!);
            }
            catch (HttpRequestException)
            {
                // Killed before it had answered.
            }

            await StartAsync();
        }

        // What has no record yet gets it in the background.
        JsonElement list = default;
        await Eventually.TrueAsync(async () =>
        {
            list = JsonDocument.Parse((await SendAsync(HttpMethod.Get, "/api/media")).Text).RootElement;
            var files = MediaClient.Files(_folder).Where(path => path.StartsWith("m-", StringComparison.Ordinal));
            return list.EnumerateArray().Select(entry => entry.GetProperty("filename").GetString()).Order(StringComparer.Ordinal).SequenceEqual(files, StringComparer.Ordinal);
        });
        Assert.Empty(acknowledged.Except(list.EnumerateArray().Select(entry => entry.GetProperty("filename").GetString()!)));
        Assert.DoesNotContain(list.EnumerateArray(), entry => entry.GetProperty("missing").GetBoolean());
        Assert.DoesNotContain(MediaClient.Files(_folder), path => path.StartsWith(".incoming", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kill_WhileAPartIsUnderWay_LosesAtMostWhatWasNotFlushed()
    {
        // No two megabytes of it are alike: a part in a wrong place would show.
        var content = ((MemoryStream)await LargeAsync()).ToArray();
        for (var megabyte = 1; megabyte < LargeFile >> 20; megabyte++)
            BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(content.Length - LargeFile + (megabyte << 20)), megabyte);
        var parts = new PartClient(_client);
        var address = await parts.BeginGoodAsync(content.Length, "large.mp4");
        var offset = 0;
        foreach (var killAt in new[] { 20 << 20, 90 << 20 })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"PATCH {address} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nContent-Type: {PartClient.PartType}\r\n"
                + $"Upload-Offset: {offset}\r\nContent-Length: {content.Length - offset}\r\n\r\n"), TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(content.AsMemory(offset..killAt), TestContext.Current.CancellationToken);
            await Eventually.TrueAsync(async () => (await parts.GetAsync(address)).Json.GetProperty("receivedBytes").GetInt64() == killAt);
            _server.Kill();
            await _server.Exited;
            await StartAsync();
            offset = (int)(await parts.HeadAsync(address)).Offset!.Value;
            Assert.InRange(offset, killAt - (17 << 20), killAt);
        }

        var last = await parts.SendPartAsync(address, offset, content.AsMemory(offset));
        Assert.True(last.Status is 204, last.Text);
        var record = Assert.Single(JsonDocument.Parse((await SendAsync(HttpMethod.Get, "/api/media")).Text).RootElement.EnumerateArray());
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), record.GetProperty("sha256").GetString());
    }

    [Fact]
    public async Task Kill_AfterTheLastPart_IsFollowedByTheSameOutcome()
    {
        var content = await MediaSamples.GoodAsync("png");
        var parts = new PartClient(_client);
        var random = new Random(6);
        for (var round = 0; round < 6; round++)
        {
            byte[] different = [.. content, .. Encoding.ASCII.GetBytes($"part {round}")];
            var address = await parts.BeginGoodAsync(different.Length);
            var sending = parts.SendPartAsync(address, 0, different);
            await Task.WhenAny(sending, Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 400)), CancellationToken.None));
            _server.Kill();
            await _server.Exited;
            await sending.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await StartAsync();

            // What had not come is sent again; the rest needs nobody.
            var offset = (int)(await parts.HeadAsync(address)).Offset!.Value;
            if (offset < different.Length)
                Assert.Equal(204, (await parts.SendPartAsync(address, offset, different.AsMemory(offset))).Status);
            await Eventually.TrueAsync(async () => (await parts.GetAsync(address)).Json.GetProperty("state").GetString() == "done");
            var name = (await parts.GetAsync(address)).Json.GetProperty("filename").GetString();
            var list = JsonDocument.Parse((await SendAsync(HttpMethod.Get, "/api/media")).Text).RootElement.EnumerateArray().ToArray();
            Assert.Equal(round + 1, list.Length);
            Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(different)), list.Single(entry => entry.GetProperty("filename").GetString() == name).GetProperty("sha256").GetString());
        }

        Assert.DoesNotContain(MediaClient.Files(_folder), path => path.EndsWith(".part", StringComparison.Ordinal));
    }

    public async ValueTask InitializeAsync()
    {
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}"), Timeout = TimeSpan.FromMinutes(3) };
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        var settings = new Dictionary<string, string?>
        {
            ["BIND_ADDRESS"] = "127.0.0.1",
            ["PORT"] = $"{_port}",
            ["WS_PORT"] = "0",
            ["METRICS_PORT"] = "0",
            ["HEALTH_PORT"] = "0",
            ["RTMP_PORT"] = "0",
            ["DATA_DIR"] = _folder.File("data"),
            ["ADMIN_TOKEN"] = RunningServer.Token,
        };
        _server = ChildProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "StreamManager.Server.dll")], _folder.Path, settings);
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return (await SendAsync(HttpMethod.Get, "/api/media")).Status is HttpStatusCode.OK;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            describe: () => _server.Tail.ToString());
    }

    // A good video with a box of 200 MB behind it that means nothing.
    private static async Task<Stream> LargeAsync()
    {
        var video = await MediaSamples.GoodAsync("mp4");
        var box = new byte[LargeFile];
        BinaryPrimitives.WriteInt32BigEndian(box, box.Length);
        "free"u8.CopyTo(box.AsSpan(4));
        return new MemoryStream([.. video, .. box]);
    }

    private Task<(HttpStatusCode Status, string Text)> UploadAsync(Stream content) =>
        SendAsync(HttpMethod.Post, "/api/upload", new MultipartFormDataContent { { new StreamContent(content), "file", "a.bin" } });

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpMethod method, string path, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RunningServer.Token);
        using var response = await _client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    // The most that was ever in RAM.
    private double PeakMegabytes()
    {
        var line = File.ReadLines($"/proc/{_server.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
