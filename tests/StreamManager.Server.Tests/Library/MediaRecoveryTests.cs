using System.Text.Json;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Library;

/// <summary>Records and files that do not fit together when the server starts.</summary>
public sealed class MediaRecoveryTests
{
    [Fact]
    public async Task Start_WithFilesThatHaveNoRecord_RecordsTheGoodOnesAndLeavesTheOthers()
    {
        using var folder = new TemporaryFolder();
        var media = Path.Combine(folder.Path, "data", "media");
        Directory.CreateDirectory(Path.Combine(media, ".incoming"));
        Directory.CreateDirectory(Path.Combine(media, ".thumbnails"));
        var good = "m-abcdefghij0123456789.png";
        await File.WriteAllBytesAsync(Path.Combine(media, good), await MediaSamples.GoodAsync("png"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(media, "m-bbbbbbbbbbbbbbbbbbbb.mp4"), "#EXTM3U\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(media, "mine.png"), "the user's own", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(media, ".incoming", "left.part"), "half", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(media, ".thumbnails", "m-cccccccccccccccccccc.png.jpg"), "old", TestContext.Current.CancellationToken);

        await using var server = await RunningServer.StartAsync(folder: folder);
        var list = await server.WaitForAsync("/api/media", media => media.GetArrayLength() == 1);
        Assert.Equal((good, good, 64), (list[0].GetProperty("filename").GetString(), list[0].GetProperty("title").GetString(), list[0].GetProperty("width").GetInt32()));
        await Eventually.TrueAsync(() => Task.FromResult(server.Log.Contains("m-bbbbbbbbbbbbbbbbbbbb.mp4 lies in the media library", StringComparison.Ordinal)));
        Assert.Equal([$".thumbnails/{good}.jpg", good, "m-bbbbbbbbbbbbbbbbbbbb.mp4", "mine.png"], MediaClient.Files(folder));
    }

    [Fact]
    public async Task Start_WithARecordWithoutItsFile_ShowsItAsMissingAndLetsItGo()
    {
        using var folder = new TemporaryFolder();
        string name;
        await using (var server = await RunningServer.StartAsync(folder: folder))
            name = (await server.UploadAsync(await MediaSamples.GoodAsync("png"))).FileName();
        File.Delete(Path.Combine(folder.Path, "data", "media", name));
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            Assert.True((await server.GetAsync("/api/media")).Json[0].GetProperty("missing").GetBoolean());
            Assert.Contains(name, server.Log, StringComparison.Ordinal);
            await server.PostAsync("/api/delete_media", $$"""{ "filename": "{{name}}" }""");
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
            Assert.Equal(JsonValueKind.Array, (await server.GetAsync("/api/media")).Json.ValueKind);
        Assert.Empty(MediaClient.Files(folder));
    }

    [Fact]
    public async Task List_OverARestart_IsTheSameInTheOrderOfUploads()
    {
        using var folder = new TemporaryFolder();
        string before;
        await using (var server = await RunningServer.StartAsync(folder: folder))
        {
            foreach (var extension in new[] { "webp", "png", "mp4", "gif" })
                await server.UploadAsync(await MediaSamples.GoodAsync(extension), $"{extension} file");
            before = (await server.GetAsync("/api/media")).Text;
            Assert.Equal(["webp file", "png file", "mp4 file", "gif file"], JsonDocument.Parse(before).RootElement.EnumerateArray().Select(entry => entry.GetProperty("title").GetString()));
        }

        await using (var server = await RunningServer.StartAsync(folder: folder))
            Assert.Equal(before, (await server.GetAsync("/api/media")).Text);
    }
}
