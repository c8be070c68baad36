using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Players;

/// <summary>Viewers that stop reading, and a publisher that is sent away.</summary>
public sealed class SlowViewerTests
{
    private const string Key = "good-key";

    /// <summary>Two viewers' queues of five seconds, twice, at 9 Mbit/s, and what the collector has not given back yet.</summary>
    private const double GrowthMegabytes = 64;

    private static readonly EncoderSettings Settings = new();

    [Fact]
    public async Task ViewersThatStopReading_AreLetGoAndCostNobodyAnything()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await ServerProcess.StartAsync();
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), Key);
        var media = await EncodedMedia.LoadAsync(Settings, TimeSpan.FromSeconds(90));
        await using var encoder = await ScriptedEncoder.PublishAsync(server.RtmpPort, ServerProcess.MainKey);
        // At 1 MB a second sockets are full within seconds.
        var sending = encoder.SendAsync(media.All.Select(message => IsFrame(message) ? WithFiller(message) : message));
        _ = sending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
        await server.Api.WaitAsync(status => status.State == "live" && status.Destination("good").FramesSent > 60, "the program is not on air");
        var memory = ProcessMemory.ResidentMegabytes(server.Process.Id);

        using var rtmp = await ConnectAsync(server.RtmpPort);
        await using var peer = new ScriptedRtmpPeer(rtmp.GetStream());
        await peer.PlayAsync("main");
        using var http = await ConnectAsync(server.ApiPort);
        await http.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET /preview/main.flv?token={ServerProcess.Token} HTTP/1.1\r\nHost: localhost\r\n\r\n"), TestContext.Current.CancellationToken);
        await server.Api.WaitAsync(status => status.Viewers == 2, "the viewers are not counted");
        await server.Api.WaitAsync(status => status.Viewers == 0, "viewers that do not read are still there", TimeSpan.FromSeconds(60));

        Assert.InRange(ProcessMemory.ResidentMegabytes(server.Process.Id) - memory, double.NegativeInfinity, GrowthMegabytes);
        var good = (await server.Api.StatusAsync()).Destination("good");
        Assert.Equal(("delivering", 1, 0), (good.Verdict, good.Connects, good.FramesDropped));
        RecordingJudge.AssertNoHole(nginx, Key, Settings);
        Assert.False(sending.IsCompleted, "the encoder was to send all the time");
    }

    [Fact]
    public async Task KickedPublisher_LeavesTheProgramOnItsFallback()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await ServerProcess.StartAsync();
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), Key);
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Settings);
        await server.Api.WaitAsync(status => status.State == "live" && status.Destination("good").FramesSent > 30, "the program is not on air");

        var stream = Assert.Single(await server.Api.StreamsAsync());
        await server.Api.KickAsync(stream.ClientId);
        await server.Api.WaitForStateAsync("fallback");
        await publisher.Process.Exited.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        Assert.Empty(await server.Api.StreamsAsync());
        await nginx.WaitForRecordingAsync(Key, FlvRecording.Read(nginx.Recording(Key)).Duration + TimeSpan.FromSeconds(1));

        await server.Api.StopAsync();
        await nginx.StopAsync();
        Assert.Equal(1, nginx.PublishCount(Key));
        await Unbroken.AssertAsync(nginx.Recording(Key), Settings);
        var seen = (await FfmpegJudge.ColoursAsync(nginx.Recording(Key))).Select(colour => colour.Picture).ToArray();
        Assert.Equal((TestPicture.Red, null), (seen[0], seen[^1]));
    }

    private static async Task<TcpClient> ConnectAsync(int port)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync("127.0.0.1", port);
        return client;
    }

    private static bool IsFrame(TimedMessage message) => message.IsVideo && message.Message.Body.Span[1] == 1;

    // A NAL unit of type 12 is filler: a decoder passes over it.
    private static TimedMessage WithFiller(TimedMessage video)
    {
        const int size = 32 * 1024;
        var body = new byte[video.Message.Body.Length + 4 + size];
        video.Message.Body.CopyTo(body);
        var filler = body.AsSpan(video.Message.Body.Length);
        BinaryPrimitives.WriteInt32BigEndian(filler, size);
        filler[4..].Fill(0xFF);
        filler[4] = 12;
        filler[^1] = 0x80;
        return video.WithBody(body);
    }
}
