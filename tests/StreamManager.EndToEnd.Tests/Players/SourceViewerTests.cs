using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Players;

/// <summary>Those who watch a source itself, from before its first byte and over a change of its format, with ffmpeg as the player.</summary>
public sealed class SourceViewerTests
{
    private static readonly EncoderSettings Small = new() { Picture = TestPicture.Red };

    private static readonly EncoderSettings Large = new() { Picture = TestPicture.Blue, Width = 1280, Height = 720, VideoKbps = 1000 };

    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(4);

    [Fact]
    public async Task ViewersFromBeforeTheConfiguration_SeeThePictureAndItsNextFormat()
    {
        await using var server = await ServerProcess.StartAsync();
        using var directory = new TemporaryDirectory();
        var (small, large) = (await EncodedMedia.LoadAsync(Small, Piece), await EncodedMedia.LoadAsync(Large, Piece));
        await using var encoder = await ScriptedEncoder.PublishAsync(server.RtmpPort, ServerProcess.MainKey);
        // ffmpeg takes two parts of the path for the app when there are more: what is left is the name, "main/main".
        string[] urls =
        [
            $"rtmp://127.0.0.1:{server.RtmpPort}/live/x/main/main",
            $"http://127.0.0.1:{server.ApiPort}/preview/main.flv?source=main&token={ServerProcess.Token}",
        ];
        var players = urls.Select((url, i) => FfmpegPlayer.Start(url, directory.File($"{i}.flv"))).ToArray();
        try
        {
            await server.Api.WaitAsync(status => status.Viewers == players.Length || players.Any(player => !player.IsRunning), "the viewers are not there before the configuration");
            Assert.True(players.All(player => player.IsRunning), string.Join('\n', players.Select(player => player.Log)));
            await encoder.SendAsync(small.All);
            // On the same connection, as an encoder does whose user changes the size of the picture.
            var next = Piece;
            await encoder.SendAsync(large.All.Select(message => message.Stamped((uint)(message.Message.Timestamp + next.TotalMilliseconds))));
            await encoder.StopAsync();
            foreach (var player in players)
            {
                // It ends with the source, and had no need to come back before.
                Assert.Equal(0, await player.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
                var recording = FlvRecording.Read(player.File);
                Assert.True(recording.Duration >= 2 * Piece - TimeSpan.FromMilliseconds(300), $"{recording.Duration}\n{player.Log}");
                RecordingJudge.AssertMonotonic(recording);
                Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(player.File));
                var colours = (await FfmpegJudge.ColoursAsync(player.File, perSecond: 2)).Select(colour => colour.Picture).ToArray();
                Assert.Equal((TestPicture.Red, TestPicture.Blue), (colours[0], colours[^1]));
                Assert.Equal(colours.Order(), colours);
            }
        }
        finally
        {
            foreach (var player in players)
                await player.DisposeAsync();
        }
    }
}
