using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Library;
using StreamManager.TestKit.Media;

namespace StreamManager.Server.Tests.Api;

public sealed class MediaApiTests
{
    [Theory]
    [MemberData(nameof(MediaSamples.Good), MemberType = typeof(MediaSamples))]
    public async Task Upload_OfEachKind_IsListedServedAndShownSmall(string extension, string type, string contentType, string codec)
    {
        var content = await MediaSamples.GoodAsync(extension);
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(folder: folder);
        using var events = server.Server.Events.Subscribe("test");

        // The name lies about the kind; the content counts.
        var added = await server.UploadAsync(content, "My file.exe");
        Assert.True(added.Status is HttpStatusCode.Created, added.Text);
        var name = added.FileName();
        Assert.Equal($"/api/media/{name}", added.Location);
        Assert.EndsWith("." + extension, name, StringComparison.Ordinal);
        var expected = type == "image" ? (64, 48, false) : (320, 180, true);
        Assert.Equal(expected, (added.Json.GetProperty("width").GetInt32(), added.Json.GetProperty("height").GetInt32(), added.Json.GetProperty("hasAudio").GetBoolean()));
        Assert.Equal(
            (type, contentType, codec, "My file.exe", content.LongLength),
            (Text(added, "type"), Text(added, "contentType"), Text(added, "codec"), Text(added, "title"), added.Json.GetProperty("size").GetInt64()));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), Text(added, "sha256"));
        if (type == "video")
            Assert.InRange(added.Json.GetProperty("durationSeconds").GetDouble(), 1.9, 2.2);
        else
            Assert.Equal(JsonValueKind.Null, added.Json.GetProperty("durationSeconds").ValueKind);
        var list = (await server.GetAsync("/api/media")).Json;
        Assert.Equal(name, Assert.Single(list.EnumerateArray()).GetProperty("filename").GetString());
        Assert.Equal(name, (await events.NextAsync("media.uploading") is { } && await events.NextAsync("media.added") is { } told ? told.Data["filename"]!.GetValue<string>() : null));

        using var served = await FetchAsync(server, $"/api/media/{name}");
        Assert.Equal(content, await served.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(contentType, served.Content.Headers.ContentType?.ToString());
        using var small = await FetchAsync(server, $"/api/media/{name}/thumbnail");
        Assert.Equal("image/jpeg", small.Content.Headers.ContentType?.ToString());
        var thumbnail = folder.File("thumbnail.jpg");
        await File.WriteAllBytesAsync(thumbnail, await small.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
        Assert.Equal(type == "image" ? "width=320\nheight=240" : "width=320\nheight=180", await FfmpegJudge.ProbeAsync(thumbnail, "stream=width,height"));
        Assert.Equal([$".thumbnails/{name}.jpg", name], MediaClient.Files(folder));
    }

    [Fact]
    public async Task File_ThatIsServed_CannotActAsAPageAndGivesRanges()
    {
        var content = await MediaSamples.GoodAsync("png");
        await using var server = await RunningServer.StartAsync();
        var name = (await server.UploadAsync(content, "<script>\u202egnp.html")).FileName();
        using var whole = await FetchAsync(server, $"/api/media/{name}");
        Assert.Equal("sandbox", Assert.Single(whole.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(whole.Headers.GetValues("X-Content-Type-Options")));
        var disposition = whole.Content.Headers.ContentDisposition!;
        Assert.Equal("inline", disposition.DispositionType);
        Assert.DoesNotContain('\u202e', disposition.FileNameStar ?? disposition.FileName ?? "");

        using var part = await FetchAsync(server, $"/api/media/{name}", new RangeHeaderValue(10, 19));
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(content[10..20], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal($"bytes 10-19/{content.Length}", part.Content.Headers.ContentRange?.ToString());
        using var beyond = await FetchAsync(server, $"/api/media/{name}", new RangeHeaderValue(content.Length, null));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
    }

    [Fact]
    public async Task Upload_OfBytesThatAreThere_IsAnsweredWithTheRecord()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(folder: folder);
        var content = await MediaSamples.GoodAsync("png");
        var first = await server.UploadAsync(content, "one.png");
        var again = await server.UploadAsync(content, "two.png");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.Status, again.Status));
        Assert.Equal(first.FileName(), again.FileName());
        Assert.Equal("one.png", Text(again, "title"));
        Assert.Equal(2, MediaClient.Files(folder).Length);

        // The same when the file was lost: the upload puts it back in its old place.
        File.Delete(Path.Combine(folder.Path, "data", "media", first.FileName()));
        Assert.True((await server.GetAsync("/api/media")).Json[0].GetProperty("missing").GetBoolean());
        Assert.Equal("media_not_found", (await server.GetAsync($"/api/media/{first.FileName()}")).Code);
        Assert.Equal("media_missing", (await server.PostAsync("/api/set_fallback", $$"""{ "type": "image", "filename": "{{first.FileName()}}" }""")).Code);
        var back = await server.UploadAsync(content, "three.png");
        Assert.Equal((HttpStatusCode.OK, first.FileName(), false), (back.Status, back.FileName(), back.Json.GetProperty("missing").GetBoolean()));
    }

    [Fact]
    public async Task Thumbnail_ThatWasLost_IsMadeAgain()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(folder: folder);
        var name = (await server.UploadAsync(await MediaSamples.GoodAsync("mp4"))).FileName();
        var thumbnail = Path.Combine(folder.Path, "data", "media", ".thumbnails", name + ".jpg");
        File.Delete(thumbnail);
        using var answer = await FetchAsync(server, $"/api/media/{name}/thumbnail");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(File.Exists(thumbnail));
    }

    [Fact]
    public async Task Fallback_SetToAnUploadedPicture_IsSeenOnTheProgramAndProtectsTheFile()
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync("start: always\n", folder);
        var name = (await server.UploadAsync(await MediaSamples.PictureAsync("red", 1280, 720))).FileName();
        var set = await server.PostAsync("/api/set_fallback", $$"""{ "type": "image", "filename": "{{name}}" }""");
        Assert.Equal((HttpStatusCode.OK, "image", name, "main"), (set.Status, Text(set, "type"), Text(set, "filename"), Text(set, "channelId")));
        await server.WaitForStateAsync("fallback");
        await SeeAsync(server, folder, TestPicture.Red);

        Assert.Equal(["main"], (await server.GetAsync("/api/media")).Json[0].GetProperty("usedBy").EnumerateArray().Select(user => user.GetString()));
        var refused = await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{name}}" }""");
        Assert.Equal((HttpStatusCode.Conflict, "media_in_use"), (refused.Status, refused.Code));
        Assert.Contains("main", refused.Text, StringComparison.Ordinal);

        var blue = (await server.UploadAsync(await MediaSamples.PictureAsync("blue", 1280, 720))).FileName();
        await server.PostAsync("/api/set_fallback", $$"""{ "type": "image", "filename": "{{blue}}", "channelId": "main" }""");
        await SeeAsync(server, folder, TestPicture.Blue);
        Assert.Equal(HttpStatusCode.NoContent, (await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{name}}" }""")).Status);
        Assert.Equal([$".thumbnails/{blue}.jpg", blue], MediaClient.Files(folder));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/api/set_fallback", """{ "type": "slate" }""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{blue}}" }""")).Status);
        Assert.Empty((await server.GetAsync("/api/media")).Json.EnumerateArray());
        Assert.Equal("media_not_found", (await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{blue}}" }""")).Code);
    }

    [Fact]
    public async Task Fallback_ThatCannotBe_IsRefusedByEveryRoute()
    {
        await using var server = await RunningServer.StartAsync();
        var name = (await server.UploadAsync(await MediaSamples.GoodAsync("png"))).FileName();
        Assert.Equal("media_type_mismatch", (await server.PostAsync("/api/set_fallback", $$"""{ "type": "video", "filename": "{{name}}" }""")).Code);
        Assert.Equal("media_not_found", (await server.PostAsync("/api/set_fallback", """{ "type": "image", "filename": "../../etc/passwd" }""")).Code);
        Assert.Equal("channel_not_found", (await server.PostAsync("/api/set_fallback", $$"""{ "type": "image", "filename": "{{name}}", "channelId": "none" }""")).Code);
        foreach (var (body, field) in new[]
        {
            ("{}", "/type"), ("""{ "type": "dream" }""", "/type"), ("""{ "type": "image" }""", "/filename"), ("""{ "type": "slate", "filename": "a.png" }""", "/filename"),
            ("""{ "type": "image", "filename": 5 }""", "/filename"), ("""{ "type": "slate", "more": 1 }""", "/more"),
        })
            Assert.Contains(field, (await server.PostAsync("/api/set_fallback", body)).WrongFields);

        Assert.Equal(["/settings/fallbackMedia"], (await server.SendAsync(HttpMethod.Put, "/api/channels/main", """{ "settings": { "fallbackType": "image", "fallbackMedia": "none.png" } }""")).WrongFields);
        Assert.Equal(["/settings/fallbackMedia"], (await server.SendAsync(HttpMethod.Put, "/api/channels/main", $$"""{ "settings": { "fallbackType": "video", "fallbackMedia": "{{name}}" } }""")).WrongFields);
        Assert.Equal(["/settings/fallbackMedia"], (await server.PostAsync("/api/channels", """{ "id": "b", "settings": { "fallbackType": "image", "fallbackMedia": "none.png" } }""")).WrongFields);
        var good = await server.SendAsync(HttpMethod.Put, "/api/channels/main", $$"""{ "settings": { "fallbackType": "image", "fallbackMedia": "{{name}}" } }""");
        Assert.Equal(HttpStatusCode.OK, good.Status);
        Assert.Equal("media_in_use", (await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{name}}" }""")).Code);
    }

    [Theory]
    [InlineData("..%2f..%2fstate.db")]
    [InlineData("%2e%2e")]
    [InlineData(".thumbnails")]
    [InlineData("%00")]
    [InlineData("m-%0d%0a.png")]
    [InlineData("CON")]
    public async Task File_WithANameThatIsNoneOfOurs_IsNotFound(string name)
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var path in new[] { $"/api/media/{name}", $"/api/media/{name}/thumbnail" })
        {
            // As it is: a client's own library would take the dots away.
            var answer = await RawAsync(server, path);
            Assert.True(answer is 404 or 400, $"{path}: {answer}");
        }
    }

    [Fact]
    public async Task Viewers_SeeAndChangeNothing()
    {
        await using var server = await RunningServer.StartAsync();
        var content = await MediaSamples.GoodAsync("png");
        var name = (await server.UploadAsync(content)).FileName();
        var viewer = (await server.Server.Accounts.Tokens.MakeAsync(Caller.Administrator, "viewer", Permissions.View, null, TestContext.Current.CancellationToken))!.Secret.Value;
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/api/media", token: viewer)).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, $"/api/media/{name}/thumbnail", token: viewer)).Status);
        Assert.Equal("forbidden", (await server.UploadAsync(content, token: viewer)).Code);
        Assert.Equal("forbidden", (await server.SendAsync(HttpMethod.Post, "/api/set_fallback", """{ "type": "slate" }""", viewer)).Code);
        Assert.Equal("forbidden", (await server.SendAsync(HttpMethod.Post, "/api/delete_media", $$"""{ "filename": "{{name}}" }""", viewer)).Code);
        Assert.Equal("unauthorized", (await server.SendAsync(HttpMethod.Get, $"/api/media/{name}", token: null)).Code);
    }

    private static string? Text(Answer answer, string name) => answer.Json.GetProperty(name).GetString();

    private static async Task SeeAsync(RunningServer server, TemporaryFolder folder, TestPicture wanted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var path = folder.File("program.jpg");
            using (var answer = await FetchAsync(server, "/preview/main.jpg"))
            {
                if (answer.StatusCode is HttpStatusCode.OK)
                {
                    var jpeg = await answer.Content.ReadAsByteArrayAsync(limit.Token);
                    Assert.True(jpeg is [0xFF, 0xD8, .., 0xFF, 0xD9], $"{jpeg.Length} bytes that are no whole JPEG");
                    await File.WriteAllBytesAsync(path, jpeg, limit.Token);
                    try
                    {
                        if ((await FfmpegJudge.ColourAtAsync(path, TimeSpan.Zero)).Picture == wanted)
                            return;
                    }
                    catch (InvalidOperationException) when (!limit.IsCancellationRequested)
                    {
                        // Seen once in hundreds of runs: the judge's ffmpeg ended without a word or a picture. The next one looks again.
                    }
                }
            }

            Assert.False(limit.IsCancellationRequested, $"The program never became {wanted}.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        }
    }

    private static async Task<HttpResponseMessage> FetchAsync(RunningServer server, string path, RangeHeaderValue? range = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RunningServer.Token);
        request.Headers.Range = range;
        return await server.Client.SendAsync(request);
    }

    private static async Task<int> RawAsync(RunningServer server, string path)
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Server.BoundPorts.Api);
        await using var stream = client.GetStream();
        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return int.Parse((await reader.ReadLineAsync())!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
