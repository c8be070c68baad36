using System.Net;
using System.Net.Sockets;
using System.Text;
using StreamManager.Server.Options;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Library;

/// <summary>Uploads in parts: the good way, what breaks them, and what they may not do.</summary>
public sealed class ResumableUploadTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;
    private PartClient _client = null!;

    [Fact]
    public async Task Parts_OneAfterTheOther_BecomeAFileOfTheLibrary()
    {
        using var events = _server.Server.Events.Subscribe("test");
        var content = await MediaSamples.GoodAsync("mp4");
        var begun = await _client.BeginAsync(content.Length, "Päuse.mp4");
        Assert.Equal((201, 0, content.Length, "1.0.0"), (begun.Status, begun.Offset, begun.Length, begun.Version));
        var address = begun.Location!;
        Assert.Equal(("receiving", "Päuse.mp4"), (begun.Json.GetProperty("state").GetString(), begun.Json.GetProperty("title").GetString()));

        // The third is empty: harmless.
        var ends = new[] { 1, 40_000, 40_000, content.Length };
        var sent = 0;
        PartAnswer last = null!;
        foreach (var end in ends)
        {
            var head = await _client.HeadAsync(address);
            Assert.Equal((200, sent, content.Length, ""), (head.Status, head.Offset, head.Length, head.Text));
            last = await _client.SendPartAsync(address, sent, content.AsMemory(sent..end));
            Assert.True(last.Status is 204, last.Text);
            Assert.Equal(end, last.Offset);
            sent = end;
        }

        var record = Assert.Single((await _server.GetAsync("/api/media")).Json.EnumerateArray());
        var name = record.GetProperty("filename").GetString()!;
        Assert.Equal($"/api/media/{name}", last.Location);
        Assert.Equal((content.Length, "Päuse.mp4"), (record.GetProperty("size").GetInt32(), record.GetProperty("title").GetString()));
        using var request = new HttpRequestMessage(HttpMethod.Get, last.Location) { Headers = { { "Authorization", $"Bearer {RunningServer.Token}" } } };
        using var served = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(content, await served.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(content.Length, (await events.NextAsync("media.uploading")).Data["totalBytes"]!.GetValue<long>());
        Assert.Equal(name, (await events.NextAsync("media.added")).Data["filename"]!.GetValue<string>());

        // Whoever missed the answer asks again.
        var told = (await _client.GetAsync(address)).Json;
        Assert.Equal(("done", name), (told.GetProperty("state").GetString(), told.GetProperty("filename").GetString()));
        Assert.Equal((204, $"/api/media/{name}"), (await _client.SendPartAsync(address, content.Length, default(ReadOnlyMemory<byte>))) is var again ? (again.Status, again.Location) : default);
        Assert.Equal(204, (await _client.SendAsync(HttpMethod.Delete, address, null)).Status);
        Assert.Equal("upload_not_found", (await _client.GetAsync(address)).Code);
        Assert.Equal([$".thumbnails/{name}.jpg", name], MediaClient.Files(_folder));
    }

    [Fact]
    public async Task Part_WhoseConnectionBreaks_CountsAsFarAsItCame()
    {
        var content = await MediaSamples.GoodAsync("mp4");
        var address = await _client.BeginGoodAsync(content.Length);
        foreach (var isReset in new[] { false, true })
        {
            var offset = (int)(await _client.HeadAsync(address)).Offset!.Value;
            using var broken = await OpenPartAsync(address, offset, content.Length - offset, content.AsMemory(offset, 20_000));
            await Eventually.TrueAsync(async () => (await _client.GetAsync(address)).Json.GetProperty("receivedBytes").GetInt64() == offset + 20_000);
            if (isReset)
                broken.LingerState = new LingerOption(true, 0);
            broken.Close();
            await Eventually.TrueAsync(async () => (await _client.HeadAsync(address)).Offset == offset + 20_000);
        }

        Assert.Equal(204, (await _client.SendPartAsync(address, 40_000, content.AsMemory(40_000))).Status);
        Assert.Single((await _server.GetAsync("/api/media")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Part_OfAClientThatCameBack_InterruptsTheDeadConnection()
    {
        var content = await MediaSamples.GoodAsync("mp4");
        var address = await _client.BeginGoodAsync(content.Length);
        using var dead = await OpenPartAsync(address, 0, content.Length, content.AsMemory(0, 20_000));
        await Eventually.TrueAsync(async () => (await _client.GetAsync(address)).Json.GetProperty("receivedBytes").GetInt64() == 20_000);

        // The server has flushed nothing of it yet, so that the client thinks of the start.
        var wrong = await _client.SendPartAsync(address, 0, content);
        Assert.Equal((409, "wrong_offset", 20_000), (wrong.Status, wrong.Code, wrong.Offset));
        Assert.Contains(" 409 ", await ReadLineAsync(dead), StringComparison.Ordinal);
        Assert.Equal(204, (await _client.SendPartAsync(address, 20_000, content.AsMemory(20_000))).Status);
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(20 << 20)]
    public async Task Part_ThatWasInterrupted_IsAnsweredAndIsNoErrorOfTheServer(int length)
    {
        var address = await _client.BeginGoodAsync(30 << 20);
        using var dead = await OpenPartAsync(address, 0, length, (await MediaSamples.GoodAsync("mp4")).AsMemory(0, 20_000));
        await Eventually.TrueAsync(async () => (await _client.GetAsync(address)).Json.GetProperty("receivedBytes").GetInt64() == 20_000);
        Assert.Equal(204, (await _client.SendPartAsync(address, 20_000, new byte[10])).Status);
        Assert.Contains(" 409 ", await ReadLineAsync(dead), StringComparison.Ordinal);
        await EndAsync(dead);
        Assert.Empty((await _server.GetAsync("/api/logs?level=error")).Json.GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task Part_ThatDoesNotFit_ChangesNothing()
    {
        var content = await MediaSamples.GoodAsync("png");
        var address = await _client.BeginGoodAsync(content.Length);
        Assert.Equal("wrong_offset", (await _client.SendPartAsync(address, 1, content)).Code);
        Assert.Equal("wrong_offset", (await _client.SendPartAsync(address, long.MaxValue, content)).Code);
        Assert.Equal((413, "upload_too_large"), await _client.SendPartAsync(address, 0, (byte[])[.. content, 0]) is var long1 ? (long1.Status, long1.Code) : default);
        Assert.Equal("upload_too_large", (await _client.SendPartAsync(address, 0, new StreamContent(new Endless([.. content, 0])))).Code);
        Assert.Equal(415, (await _client.SendPartAsync(address, 0, new ReadOnlyMemoryContent(content), "application/octet-stream")).Status);
        Assert.Equal("upload_not_found", (await _client.SendPartAsync("/api/uploads/upl_aaaaaaaaaaaaaaaaaaaa", 0, content)).Code);
        foreach (var wrong in new[] { "-1", "x", "", "1e3", "99999999999999999999" })
        {
            var body = new ReadOnlyMemoryContent(content) { Headers = { { "Content-Type", PartClient.PartType } } };
            Assert.Equal("invalid_header", (await _client.SendAsync(HttpMethod.Patch, address, body, ("Upload-Offset", wrong))).Code);
        }

        Assert.Equal(0, (await _client.HeadAsync(address)).Offset);
        Assert.Equal(204, (await _client.SendPartAsync(address, 0, content)).Status);
    }

    [Fact]
    public async Task Begin_WithWrongHeaders_IsRefused()
    {
        foreach (var length in new[] { "0", "-1", "x", "", "99999999999999999999" })
            Assert.Equal("invalid_header", (await _client.SendAsync(HttpMethod.Post, "/api/uploads", null, ("Upload-Length", length))).Code);
        Assert.Equal("invalid_header", (await _client.SendAsync(HttpMethod.Post, "/api/uploads", null)).Code);
        foreach (var metadata in new[] { "filename *", "filename YQ== YQ==", "filename " + new string('A', 5_000) })
            Assert.Equal("invalid_header", (await _client.BeginAsync(10, null, ("Upload-Metadata", metadata))).Code);
        var other = await _client.SendAsync(HttpMethod.Post, "/api/uploads", null, ("Upload-Length", "10"), ("Tus-Resumable", "0.2.2"));
        Assert.Equal((412, "tus_version_not_supported"), (other.Status, other.Code));
        Assert.Equal("untitled", (await _client.BeginAsync(10, null, ("Upload-Metadata", "is_private,filetype aW1hZ2U="))).Json.GetProperty("title").GetString());
        Assert.Equal("state.db", (await _client.BeginAsync(10, "../../state.db")).Json.GetProperty("title").GetString());
    }

    [Fact]
    public async Task Begin_BeyondNumberOrRoom_IsRefused()
    {
        await RestartAsync(new MediaOptions { UploadLimit = 1 << 20, LibraryLimit = 3 << 20 });
        Assert.Equal((413, "upload_too_large"), await _client.BeginAsync((1 << 20) + 1) is var large ? (large.Status, large.Code) : default);
        await _client.BeginGoodAsync(1 << 20);
        await _client.BeginGoodAsync(1 << 20);
        var third = await _client.BeginGoodAsync(1 << 20);
        Assert.Equal((507, "media_library_full"), await _client.BeginAsync(1) is var full ? (full.Status, full.Code) : default);
        Assert.Equal(204, (await _client.SendAsync(HttpMethod.Delete, third, null)).Status);
        for (var begun = 2; begun < 16; begun++)
            await _client.BeginGoodAsync(10);
        Assert.Equal((429, "too_many_uploads"), await _client.BeginAsync(10) is var many ? (many.Status, many.Code) : default);

        // A restart changes nothing about it.
        await RestartAsync(new MediaOptions { UploadLimit = 1 << 20, LibraryLimit = 3 << 20 });
        Assert.Equal("too_many_uploads", (await _client.BeginAsync(10)).Code);
        Assert.Equal(16, (await _server.GetAsync("/api/uploads")).Json.GetArrayLength());

        await RestartAsync(new MediaOptions { DiskReserve = 1L << 60 });
        foreach (var upload in (await _server.GetAsync("/api/uploads")).Json.EnumerateArray())
            await _client.SendAsync(HttpMethod.Delete, "/api/uploads/" + upload.GetProperty("id").GetString(), null);
        Assert.Equal((507, "disk_full"), await _client.BeginAsync(10) is var disk ? (disk.Status, disk.Code) : default);
        Assert.Empty(MediaClient.Files(_folder));
    }

    [Fact]
    public async Task Content_ThatIsNotTaken_IsRefusedAtItsFirstBytesOrAtItsEnd_AndItsBytesAreGone()
    {
        using var events = _server.Server.Events.Subscribe("test");
        var text = Encoding.ASCII.GetBytes("#EXTM3U\n" + new string('x', 4_000));
        var early = await _client.BeginGoodAsync(1 << 20);
        Assert.Equal(204, (await _client.SendPartAsync(early, 0, text.AsMemory(0, 500))).Status);
        var refused = await _client.SendPartAsync(early, 500, text.AsMemory(500));
        Assert.Equal((422, "media_type_not_accepted"), (refused.Status, refused.Code));
        Assert.Equal("media_type_not_accepted", (await events.NextAsync("media.rejected")).Data["code"]!.GetValue<string>());

        var cut = (await MediaSamples.GoodAsync("mp4")).AsMemory()[..^3];
        var late = await _client.BeginGoodAsync(cut.Length);
        Assert.Equal("media_damaged", (await _client.SendPartAsync(late, 0, cut)).Code);

        foreach (var (address, code) in new[] { (early, "media_type_not_accepted"), (late, "media_damaged") })
        {
            var told = (await _client.GetAsync(address)).Json;
            Assert.Equal(("refused", code), (told.GetProperty("state").GetString(), told.GetProperty("code").GetString()));
            Assert.Equal(code, (await _client.SendPartAsync(address, 0, text)).Code);
        }

        Assert.DoesNotContain(MediaClient.Files(_folder), path => path.EndsWith(".part", StringComparison.Ordinal));
        Assert.Empty((await _server.GetAsync("/api/media")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Check_ThatCannotBeMadeNow_IsTriedAgainByAnEmptyPart()
    {
        await _server.DisposeAsync();
        var content = await MediaSamples.GoodAsync("png");
        string address;
        await using (var bare = await RunningServer.StartAsync(folder: _folder, change: options => options with { FfmpegPath = "/nowhere/ffmpeg" }))
        {
            var client = new PartClient(bare.Client);
            address = await client.BeginGoodAsync(content.Length);
            Assert.Equal((503, "media_not_checked"), await client.SendPartAsync(address, 0, content) is var refused ? (refused.Status, refused.Code) : default);
            Assert.Equal("checking", (await client.GetAsync(address)).Json.GetProperty("state").GetString());
        }

        // With ffmpeg the next start looks into it by itself.
        await RestartAsync(new MediaOptions());
        await Eventually.TrueAsync(async () => (await _client.GetAsync(address)).Json.GetProperty("state").GetString() == "done");
        Assert.Equal(204, (await _client.SendPartAsync(address, content.Length, default(ReadOnlyMemory<byte>))).Status);
    }

    [Fact]
    public async Task Upload_WhoseRecordIsDamaged_IsRemovedAtTheStart()
    {
        await _client.BeginGoodAsync(1_000);
        await _client.SendPartAsync(await _client.BeginGoodAsync(10_000), 0, (await MediaSamples.GoodAsync("jpg")).AsMemory(0, 100));
        await _server.DisposeAsync();
        var uploads = Path.Combine(_folder.Path, "data", "media", ".uploads");
        foreach (var path in Directory.GetFiles(uploads, "*.json"))
            await File.WriteAllTextAsync(path, "{ \"id\": \"../../x\" }", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(uploads, "upl_x.json.new"), "half", TestContext.Current.CancellationToken);
        await RestartAsync(new MediaOptions());
        Assert.Empty((await _server.GetAsync("/api/uploads")).Json.EnumerateArray());
        Assert.Empty(MediaClient.Files(_folder));
    }

    public async ValueTask InitializeAsync() => await RestartAsync(new MediaOptions());

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task RestartAsync(MediaOptions options)
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _server = await RunningServer.StartAsync(folder: _folder, change: all => all with { Media = options });
        _client = new PartClient(_server.Client);
    }

    // A client that sends the start of a part and then nothing.
    private async Task<TcpClient> OpenPartAsync(string address, long offset, long length, ReadOnlyMemory<byte> start)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Server.BoundPorts.Api, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes(
                $"PATCH {address} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nContent-Type: {PartClient.PartType}\r\n"
                + $"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n"),
            TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(start, TestContext.Current.CancellationToken);
        return client;
    }

    private static async Task EndAsync(TcpClient client)
    {
        try
        {
            await client.GetStream().CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Reset: what it sent was not read.
        }
    }

    private static async Task<string> ReadLineAsync(TcpClient client)
    {
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, leaveOpen: true);
        return await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";
    }

    /// <summary>Does not say how long it is.</summary>
    private sealed class Endless(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
