using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>A program on air with a destination that records it, for as long as a class of tests runs: each test does something bad and then asks whether the program was harmed.</summary>
public sealed class ProgramOnAir : IAsyncLifetime
{
    private const string GoodKey = "good-key";

    /// <summary>What is published.</summary>
    public static EncoderSettings Encoder { get; } = new();

    private ServerProcess? _server;
    private NginxRtmp? _nginx;
    private FfmpegPublisher? _publisher;

    internal ServerProcess Server => _server!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        _nginx = await NginxRtmp.StartAsync();
        _server = await ServerProcess.StartAsync();
        await Server.Api.AddDestinationAsync("good", _nginx.ServerUrl(), GoodKey);
        _publisher = await FfmpegPublisher.StartAsync(Server.PublishUrl, Encoder);
        await Server.Api.WaitAsync(status => status.State == "live" && status.Destination("good").FramesSent > 30, "the program is not on air");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_publisher is not null)
            await _publisher.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        if (_nginx is not null)
            await _nginx.DisposeAsync();
    }

    /// <summary>The program went on all the time, and goes on: nothing is missing from what the destination has, nor from what it gets after this call.</summary>
    internal async Task AssertUnharmedAsync()
    {
        var nginx = _nginx!;
        await nginx.WaitForRecordingAsync(GoodKey, FlvRecording.Read(nginx.Recording(GoodKey)).Duration + TimeSpan.FromMilliseconds(500), Eventually.DefaultTimeout);
        RecordingJudge.AssertNoHole(nginx, GoodKey, Encoder);
        var status = await Server.Api.StatusAsync();
        Assert.Equal(("live", 0, "delivering"), (status.State, status.Program.Switches, status.Destination("good").Verdict));
        Assert.Equal((1, 0), (status.Destination("good").Connects, status.Destination("good").FramesDropped));
    }

    /// <summary>How many sessions have ended for a reason.</summary>
    internal Task<double> ErrorsAsync(string reason) => Metrics.ReadAsync(Server, $"rtmp_errors_total{{reason=\"{reason}\"}}");
}
