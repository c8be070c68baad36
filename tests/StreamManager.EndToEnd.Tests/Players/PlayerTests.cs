using System.Net;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Players;

/// <summary>Those who watch: program and source, by RTMP and by HTTP-FLV, with ffmpeg as the player.</summary>
public sealed class PlayerTests(ProgramOnAir onAir) : IClassFixture<ProgramOnAir>
{
    // On a busy machine the first player plays for seconds before the last one has begun, and all are to be counted at once.
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    private ServerProcess Server => onAir.Server;

    [Fact]
    public async Task ProgramAndSource_ByRtmpAndHttp_PlayWithoutAHoleAndAreCounted()
    {
        using var directory = new TemporaryDirectory();
        string[] urls =
        [
            $"rtmp://127.0.0.1:{Server.RtmpPort}/live/main",
            $"rtmp://127.0.0.1:{Server.RtmpPort}/live/x/main/main", // ffmpeg takes "live/x" for the app.
            $"http://127.0.0.1:{Server.ApiPort}/preview/main.flv?token={ServerProcess.Token}",
            $"http://127.0.0.1:{Server.ApiPort}/preview/main.flv?source=main&token={ServerProcess.Token}",
        ];
        var players = urls.Select((url, i) => FfmpegPlayer.Start(url, directory.File($"{i}.flv"), Length)).ToArray();
        try
        {
            await Eventually.TrueAsync(
                async () => (await Server.Api.StreamsAsync()).Count(stream => stream.ConnectionType == "player") == urls.Length && (await Server.Api.StatusAsync()).Viewers == urls.Length,
                describe: () => "not every player is counted");
            foreach (var player in players)
            {
                Assert.Equal(0, await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
                var recording = FlvRecording.Read(player.File);
                RecordingJudge.AssertNoHole(recording, ProgramOnAir.Encoder);
                Assert.True(recording.Duration >= Length - TimeSpan.FromMilliseconds(200), $"{recording.Duration}\n{player.Log}");
                Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(player.File));
            }
        }
        finally
        {
            foreach (var player in players)
                await player.DisposeAsync();
        }
        await Server.Api.WaitAsync(status => status.Viewers == 0, "players that have left are still counted");
        await onAir.AssertUnharmedAsync();
    }

    [Theory]
    [InlineData("/preview/main.flv")]
    [InlineData("/preview/main.flv?source=main")]
    public async Task Preview_BeginsAsPlayersInBrowsersNeedIt(string path)
    {
        var (header, tags) = await Received.ReadFlvAsync(Server, path, seconds: 1);
        Assert.Equal((true, true), (header.HasAudio, header.HasVideo));
        Assert.Equal([RtmpMessageType.DataAmf0, RtmpMessageType.Video, RtmpMessageType.Audio], tags.Take(3).Select(tag => tag.Type));
        Assert.Equal("onMetaData", RtmpDataMessage.Read(tags[0]).Name);
        Assert.All(tags.Take(3), tag => Assert.Equal(0u, tag.Timestamp));
        Assert.Equal((0, 0), (tags[1].Body.Span[1], tags[2].Body.Span[1]));

        var frames = tags.Skip(3).ToArray();
        Assert.Equal(0x17, frames.First(tag => tag.Type == RtmpMessageType.Video).Body.Span[0]);
        Assert.InRange(frames[0].Timestamp, 0u, 40u);
        foreach (var track in frames.GroupBy(tag => tag.Type))
            Assert.Equal(track.Select(tag => tag.Timestamp).Distinct().Order(), track.Select(tag => tag.Timestamp));
    }

    [Fact]
    public async Task Preview_WithAWrongToken_IsRefused()
    {
        using var stranger = new ApiClient(Server.ApiPort, token: null);
        foreach (var path in (string[])["/preview/main.flv", "/preview/main.flv?token=wrong", "/preview/main.jpg?token=wrong"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Thumbnail_ShowsTheProgram()
    {
        using var directory = new TemporaryDirectory();
        foreach (var path in (string[])["/preview/main.jpg", "/preview/main.jpg?source=main"])
        {
            var picture = await Server.Api.BytesAsync(path);
            Assert.Equal([0xFF, 0xD8, 0xFF], picture[..3]);
            var file = directory.File("thumbnail.jpg");
            await File.WriteAllBytesAsync(file, picture, TestContext.Current.CancellationToken);
            Assert.Equal(TestPicture.Red, (await FfmpegJudge.ColoursAsync(file, perSecond: 25))[0].Picture);
        }
    }
}
