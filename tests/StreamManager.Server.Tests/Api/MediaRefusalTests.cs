using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StreamManager.Server.Options;
using StreamManager.Server.Tests.Library;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Api;

/// <summary>Everything that may be wrong about an upload: the answer says what, the disk is as before.</summary>
public sealed class MediaRefusalTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    /// <summary>Text that players take for media: content, and a word of the answer.</summary>
    public static TheoryData<string, string, string> Texts => new()
    {
        { "live.mp4", "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\nfile:///etc/passwd\n", "HLS" },
        { "bom.ts", "\uFEFF\r\n #EXTM3U\nhttp://127.0.0.1:1/a.ts\n", "HLS" },
        { "list.mkv", "ffconcat version 1.0\nfile '/etc/passwd'\n", "ffconcat" },
        { "list.mp4", "file '/etc/passwd'\nfile 'http://127.0.0.1/x'\n", "concat" },
        { "session.mp4", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n", "SDP" },
        { "dash.mp4", "<?xml version=\"1.0\"?>\n<!-- x -->\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"/>", "DASH" },
        { "drawing.png", "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", "SVG" },
        { "drawing.svg", "<?xml version=\"1.0\"?><svg onload=\"alert(1)\"/>", "SVG" },
        { "page.gif", "<!DOCTYPE html><script>alert(1)</script>", "HTML" },
        { "notes.txt", "hello", "text" },
        { "archive.png", "PK\u0003\u0004 and so on", "ZIP" },
        { "sound.mp4", "OggS\0\u0002", "Ogg" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Upload_OfSomethingElse_IsNamed(string name, string content, string word)
    {
        var answer = await _server.UploadAsync(Encoding.UTF8.GetBytes(content), name);
        AssertRefused(answer, "media_type_not_accepted", word);
    }

    [Fact]
    public async Task Upload_WithoutBytes_IsRefused() => AssertRefused(await _server.UploadAsync([], "empty.png"), "media_empty", "empty");

    [Theory]
    [InlineData(30_000, 30_000)]
    [InlineData(1, 2_000_000_000)]
    [InlineData(16_385, 1)]
    public async Task Upload_OfAPngThatClaimsToBeHuge_IsRefusedByItsHeader(int width, int height)
    {
        var content = (byte[])(await MediaSamples.GoodAsync("png")).Clone();
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(20), height);
        AssertRefused(await _server.UploadAsync(content), "media_beyond_limits", $"{width} x {height}");
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpg")]
    [InlineData("webp")]
    [InlineData("gif")]
    [InlineData("mp4")]
    [InlineData("mov")]
    [InlineData("mkv")]
    [InlineData("webm")]
    [InlineData("flv")]
    public async Task Upload_OfAFileThatIsCutOff_IsRefused(string extension)
    {
        var content = await MediaSamples.GoodAsync(extension);
        foreach (var length in new[] { 1_100, content.Length * 2 / 3, content.Length - 3 }.Where(length => length < content.Length))
            AssertRefused(await _server.UploadAsync(content[..length], "cut." + extension), "media_damaged", "");
    }

    [Fact]
    public async Task Upload_OfAVideoWhosePicturesAreNoise_IsRefused()
    {
        var content = (byte[])(await MediaSamples.GoodAsync("mp4")).Clone();
        var data = content.AsSpan().IndexOf("mdat"u8) + 4;
        new Random(1).NextBytes(content.AsSpan(data, Math.Min(60_000, content.Length / 2)));
        AssertRefused(await _server.UploadAsync(content, "noise.mp4"), "media_damaged", "");
    }

    [Fact]
    public async Task Upload_OfSoundOnly_IsRefused()
    {
        var content = await MediaSamples.MakeAsync("mp4", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac");
        AssertRefused(await _server.UploadAsync(content, "song.mp4"), "media_without_picture", "only sound");
    }

    [Fact]
    public async Task Upload_OfAnEncryptedVideo_IsRefused()
    {
        var content = await MediaSamples.MakeAsync(
            "mp4",
            [
                .. MediaSamples.Video, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr",
                "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8",
            ]);
        AssertRefused(await _server.UploadAsync(content, "film.mp4"), "media_encrypted", "encrypted");
    }

    [Fact]
    public async Task Upload_OfAVideoThatIsTooLong_IsRefused()
    {
        // Two pictures, five hours apart.
        var content = await MediaSamples.MakeAsync("mkv", "-f", "lavfi", "-i", "color=s=64x48:r=1/18000:d=36000", "-c:v", "libx264", "-preset", "ultrafast");
        AssertRefused(await _server.UploadAsync(content, "long.mkv"), "media_beyond_limits", "hours");
    }

    [Fact]
    public async Task Upload_OfAVideoThatIsTooLarge_IsRefused()
    {
        var content = await MediaSamples.MakeAsync("mkv", "-f", "lavfi", "-i", "color=s=8208x16:r=25:d=0.2", "-c:v", "libx264", "-preset", "ultrafast");
        AssertRefused(await _server.UploadAsync(content, "wide.mkv"), "media_beyond_limits", "8208 x 16");
    }

    [Fact]
    public async Task Upload_OfAnotherCodec_IsRefused()
    {
        var content = await MediaSamples.MakeAsync("mkv", "-f", "lavfi", "-i", "color=s=64x48:r=25:d=0.2", "-c:v", "ffv1");
        AssertRefused(await _server.UploadAsync(content, "odd.mkv"), "media_type_not_accepted", "codec");
    }

    [Fact]
    public async Task Upload_ThatIsNotOneFieldFile_IsRefused()
    {
        var png = await MediaSamples.GoodAsync("png");
        AssertRefused(await _server.UploadAsync(MediaClient.Form(png, "a.png", "picture")), "invalid_request", "the only one is");
        AssertRefused(await _server.UploadAsync(new MultipartFormDataContent { { new ByteArrayContent(png), "file", "a.png" }, { new ByteArrayContent(png), "file", "b.png" } }), "invalid_request", "there twice");
        AssertRefused(await _server.UploadAsync(new MultipartFormDataContent { { new ByteArrayContent(png), "file", "a.png" }, { new StringContent("x"), "title" } }), "invalid_request", "the only one is");
        AssertRefused(await _server.UploadAsync(Body("--b--\r\n", "b")), "invalid_request", "is missing");
        AssertRefused(await _server.UploadAsync(new ByteArrayContent(png)), "unsupported_media_type", "multipart");
        AssertRefused(await _server.UploadAsync(new StringContent("{}", Encoding.UTF8, "application/json")), "unsupported_media_type", "multipart");
        AssertRefused(await _server.UploadAsync(Body("", "b")), "malformed_multipart", "");
        AssertRefused(await _server.UploadAsync(Body("--other\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nabc\r\n--other--\r\n", "b")), "malformed_multipart", "boundary");
        AssertRefused(await _server.UploadAsync(Body("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\nGIF89a", "b")), "malformed_multipart", "ends before");
        AssertRefused(await _server.UploadAsync(Body("--b\r\n\r\nabc\r\n--b--\r\n", "b")), "malformed_multipart", "Content-Disposition");
        AssertRefused(await _server.UploadAsync(Body($"--b\r\nX: {new string('x', 9_000)}\r\n\r\nabc\r\n--b--\r\n", "b")), "malformed_multipart", "");
        AssertRefused(await _server.UploadAsync(Body("x", "")), "malformed_multipart", "boundary");
        AssertRefused(await _server.UploadAsync(Body("x", new string('b', 71))), "malformed_multipart", "boundary");
    }

    [Fact]
    public async Task Upload_WithADreadfulName_IsHarmless()
    {
        foreach (var (given, title) in new[] { ("../../../state.db", "state.db"), ("C:\\CON", "CON"), (new string('x', 3_000) + ".png", new string('x', 100)), ("..", ".."), ("a\u202egnp.exe", "agnp.exe") })
        {
            // No two of the same bytes.
            byte[] content = [.. await MediaSamples.GoodAsync("jpg"), .. Encoding.UTF8.GetBytes(title)];
            var answer = await _server.UploadAsync(content, given);
            Assert.True(answer.Status is HttpStatusCode.Created, answer.Text);
            Assert.Equal(title, answer.Json.GetProperty("title").GetString());
            Assert.Matches("^m-[a-z0-9]{20}\\.jpg$", answer.FileName());
        }

        Assert.All(MediaClient.Files(_folder), path => Assert.Matches("^(\\.thumbnails/)?m-[a-z0-9]{20}\\.jpg(\\.jpg)?$", path));
    }

    [Fact]
    public async Task Upload_AboveALimit_IsRefusedAtOnceAndWhileItStreams()
    {
        await using var small = await RestartAsync(options => options with { Media = new MediaOptions { UploadLimit = 1 << 20, LibraryLimit = (1 << 20) + 300_000 } });
        var large = new byte[3 << 20];
        (await MediaSamples.GoodAsync("jpg")).CopyTo(large, 0);
        AssertRefused(await small.UploadAsync(large), "upload_too_large", "upload_limit");
        using var stream = new MultipartFormDataContent { { new StreamContent(new Endless(large)), "file", "a.jpg" } };
        AssertRefused(await small.UploadAsync(stream), "upload_too_large", "upload_limit");

        var ends = await MediaSamples.GoodAsync("jpg");
        byte[] filler = [.. ends[..2], .. Comments(15), .. ends[2..]];
        Assert.Equal(HttpStatusCode.Created, (await small.UploadAsync(filler)).Status);
        filler[10]++;
        AssertRefused(await small.UploadAsync(filler), "media_library_full", "media_library_limit", files: 2);
        await using var full = await RestartAsync(options => options with { Media = new MediaOptions { DiskReserve = 1L << 60 } }, small);
        AssertRefused(await full.UploadAsync(ends), "disk_full", "DATA_DIR", files: 2);
    }

    [Fact]
    public async Task Upload_WithoutFfmpeg_IsRefusedAndSaysWhy()
    {
        await using var bare = await RestartAsync(options => options with { FfmpegPath = "/nowhere/ffmpeg" });
        var answer = await bare.UploadAsync(await MediaSamples.GoodAsync("mp4"), "a.mp4");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        AssertRefused(answer, "media_not_checked", "not installed");
    }

    [Fact]
    public async Task Upload_CutInTheMiddle_LeavesNothingAndIsTold()
    {
        using var events = _server.Server.Events.Subscribe("test");
        foreach (var isReset in new[] { false, true })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _server.Server.BoundPorts.Api, TestContext.Current.CancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Head(10 << 20), TestContext.Current.CancellationToken);
            await stream.WriteAsync(new byte[300_000], TestContext.Current.CancellationToken);
            Assert.Equal(10 << 20, (await events.NextAsync("media.uploading")).Data["totalBytes"]!.GetValue<long>());
            Assert.Single(MediaClient.Files(_folder));
            if (isReset)
                client.LingerState = new LingerOption(true, 0);
            client.Close();
            Assert.Equal("upload_interrupted", (await events.NextAsync("media.rejected")).Data["code"]!.GetValue<string>());
            await Eventually.TrueAsync(() => Task.FromResult(MediaClient.Files(_folder).Length == 0));
        }
    }

    [Fact]
    public async Task Uploads_BeyondThoseAtATime_WaitForTheirTurnElsewhere()
    {
        using var events = _server.Server.Events.Subscribe("test");
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                var client = new TcpClient();
                clients.Add(client);
                await client.ConnectAsync(IPAddress.Loopback, _server.Server.BoundPorts.Api, TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync(Head(10 << 20), TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync(new byte[300_000], TestContext.Current.CancellationToken);
                await events.NextAsync("media.uploading");
            }

            var refused = await _server.UploadAsync(await MediaSamples.GoodAsync("png"));
            Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_uploads"), (refused.Status, refused.Code));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await Eventually.TrueAsync(async () => (await _server.UploadAsync(await MediaSamples.GoodAsync("png"))).Status is HttpStatusCode.Created or HttpStatusCode.OK);
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync(folder: _folder);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<RunningServer> RestartAsync(Func<ServerOptions, ServerOptions> change, RunningServer? before = null)
    {
        await (before ?? _server).DisposeAsync();
        return await RunningServer.StartAsync(folder: _folder, change: change);
    }

    // Comment segments: marker FE, a length of two bytes (itself included), text.
    private static byte[] Comments(int count) => [.. Enumerable.Range(0, count).SelectMany(_ => (byte[])[0xFF, 0xFE, 0xEA, 0x60, .. new byte[0xEA60 - 2]])];

    private static byte[] Head(int length) => Encoding.ASCII.GetBytes(
        $"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gif\"\r\n\r\nGIF89a");

    private static ByteArrayContent Body(string text, string boundary)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", $"multipart/form-data; boundary={boundary}");
        return content;
    }

    private void AssertRefused(Answer answer, string code, string word, int files = 0)
    {
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.True(answer.Code == code, answer.Text);
        Assert.Contains(word, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(_folder.Path, answer.Text, StringComparison.Ordinal);
        Assert.Equal(files, MediaClient.Files(_folder).Length);
    }

    /// <summary>Does not say how long it is.</summary>
    private sealed class Endless(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
