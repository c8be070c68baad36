using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>A server with one destination, an nginx that records.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>Name of the destination, its application and its stream key.</summary>
    public const string Destination = "program";

    private readonly List<FfmpegPublisher> _publishers = [];

    private Stage(NginxRtmp nginx, ServerProcess server)
    {
        Nginx = nginx;
        Server = server;
        Marks = new Marks(server.Api);
    }

    /// <summary>The destination.</summary>
    public NginxRtmp Nginx { get; }

    /// <summary>The server.</summary>
    public ServerProcess Server { get; }

    /// <summary>The server's API.</summary>
    public ApiClient Api => Server.Api;

    /// <summary>What must be seen when.</summary>
    public Marks Marks { get; private set; }

    /// <summary>Starts both.</summary>
    /// <param name="config">More of <c>config.yml</c>.</param>
    /// <param name="environment">More environment.</param>
    /// <param name="returnAfter">Seconds for <c>return_after</c>; below its default, so that tests are short.</param>
    public static async Task<Stage> StartAsync(string config = "", IReadOnlyDictionary<string, string?>? environment = null, double returnAfter = 0.5)
    {
        var nginx = await NginxRtmp.StartAsync([new NginxApplication(Destination)]);
        ServerProcess? server = null;
        try
        {
            var settings = new ServerSettings { Config = $"return_after: {returnAfter}\n{config}" };
            server = await ServerProcess.StartAsync(environment is null ? settings : settings with { Environment = environment });
            await server.Api.AddDestinationAsync(Destination, nginx.ServerUrl(Destination), Destination);
            return new Stage(nginx, server);
        }
        catch
        {
            if (server is not null)
                await server.DisposeAsync();
            await nginx.DisposeAsync();
            throw;
        }
    }

    /// <summary>Program time of the first frame of the recording that was judged: a destination connects a moment after the program begins, on a busy machine a second.</summary>
    public TimeSpan RecordingBegin { get; private set; }

    /// <summary>An encoder that publishes from now on.</summary>
    public async Task<FfmpegPublisher> PublishAsync(EncoderSettings settings, string key = ServerProcess.MainKey)
    {
        var publisher = await FfmpegPublisher.StartAsync(Server.PublishUrlOf(key), settings);
        _publishers.Add(publisher);
        return publisher;
    }

    /// <summary>Another broadcast begins: its time begins at zero.</summary>
    public void BeginMarks() => Marks = new Marks(Api);

    /// <summary>Ends the broadcast in order; returns the last status on air.</summary>
    public async Task<StatusView> EndAsync()
    {
        var last = await Api.StatusAsync();
        await Api.StopAsync();
        await Api.WaitForStateAsync("stopped");
        await Nginx.StopAsync();
        return last;
    }

    /// <summary>Ends the broadcast, and asserts that its one recording is unbroken and shows what was marked. Returns what is in it, and its file.</summary>
    public async Task<(FlvRecording Recording, string File)> EndAndJudgeAsync(EncoderSettings settings)
    {
        var last = await EndAsync();
        Assert.Equal(1, last.Destination(Destination).Connects);
        Assert.Equal(1, Nginx.PublishCount(Destination));
        var file = Nginx.Recording(Destination);
        var recording = await Unbroken.AssertAsync(file, settings);
        Assert.True(recording.HasEndOfSequence, "an intended end must say so");
        RecordingBegin = TimeSpan.FromMilliseconds(last.Program.TimeMs) - recording.Duration;
        await Marks.AssertAsync(file, RecordingBegin);
        return (recording, file);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in _publishers)
            await publisher.DisposeAsync();
        await Server.DisposeAsync();
        await Nginx.DisposeAsync();
    }
}
