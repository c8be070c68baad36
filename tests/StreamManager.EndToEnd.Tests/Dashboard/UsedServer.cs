using System.Net;
using System.Net.Http.Headers;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Processes;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>
/// A server in use, so that every page has something to show: a show in which the source was away is over, the next is on air, at a destination that takes it and one that is not there;
/// keys, media, webhooks with deliveries, users. Beside it one that nobody has used yet.
/// </summary>
public sealed class UsedServer : IAsyncLifetime
{
    /// <summary>Name of the destination that takes the program.</summary>
    public const string Good = "Church hall";

    /// <summary>Name of the one that is not there.</summary>
    public const string Broken = "Parish radio";

    private static readonly EncoderSettings Encoder = new() { Picture = TestPicture.Pattern };

    private readonly Browser _browser = new();
    private readonly HookReceiver _hook = new();
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private string? _session;
    private string? _newSession;

    /// <summary>The server that is used.</summary>
    internal ServerProcess Server { get; private set; } = null!;

    private ServerProcess New { get; set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await _browser.InitializeAsync();
        New = Keep(await DashboardServer.StartAsync());
        Server = Keep(await DashboardServer.StartAsync("webhook_allow_private_addresses: true\n"));
        var nginx = Keep(await NginxRtmp.StartAsync());
        await SetUpAsync(nginx);
        await AShowAsync();
        Keep(await FfmpegPublisher.StartAsync(Server.PublishUrl, Encoder));
        await Server.Api.WaitAsync(
            status => status.State == "live" && status.Destination(Good).Verdict == "delivering" && status.Destination(Broken).Verdict == "unreachable", "the second show is not on air");
        _session = await LogInAsync(Server);
        _newSession = await LogInAsync(New);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        foreach (var part in Enumerable.Reverse(_parts))
            await part.DisposeAsync();
        await _hook.DisposeAsync();
    }

    /// <summary>A window with that page; the context is the caller's to dispose. What a page must never do is added to <paramref name="problems"/>.</summary>
    internal async Task<IPage> OpenAsync(Look look, List<string> problems, int width, int height, ColorScheme scheme)
    {
        var page = await _browser.OpenAsync(
            (look.IsNew ? New : Server).ApiPort, problems, width, height, look.IsLoggedIn ? (look.IsNew ? _newSession : _session) : null);
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        await page.AddInitScriptAsync(Flaws.WatchShifts);
        await page.GotoAsync(AddressOf(look));
        await Assertions.Expect(page.GetByText(look.Shows).Filter(new() { Visible = true }).First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[role=status]", new() { HasText = "Loading" })).ToHaveCountAsync(0);
        return page;
    }

    /// <summary>The path of a page with the ids of what is there.</summary>
    internal string AddressOf(Look look) => _ids.Aggregate(look.Path, (path, id) => path.Replace($"{{{id.Key}}}", id.Value, StringComparison.Ordinal));

    private async Task SetUpAsync(NginxRtmp nginx)
    {
        var api = Server.Api;
        _ids["destination"] = await api.AddDestinationAsync(Good, nginx.ServerUrl(), "hall");
        await api.ChangeDestinationAsync(_ids["destination"], new { playbackUrl = "https://hall.example/watch" });
        _ids["broken"] = await api.AddDestinationAsync(Broken, $"rtmp://127.0.0.1:{FreePort.Next()}/app", "radio");
        await MakeAsync("/api/destinations", new { name = "Twitch", platform = "twitch", url = "rtmp://live.twitch.tv/app", streamKey = "a-key", enabled = false, playbackUrl = "https://twitch.tv/you" });
        await MakeAsync("/api/channels", new { id = "second-stage" });
        await MakeAsync("/api/keys", new { name = "Studio A", allowedAddresses = (string[])["192.0.2.0/24"], alias = "studio" });
        await MakeAsync("/api/keys", new { name = "Guest from far away with a rather long name", expiresAt = TimeProvider.System.GetUtcNow().AddDays(6) });
        await MakeAsync("/api/users", new { name = "ben", password = DashboardServer.Password, role = "viewer" });
        var invited = await api.PostAsync("/api/users", new { name = "carla", role = "operator", link = true });
        _ids["join"] = invited.Body.GetProperty("link").GetString()!.Split('#')[1];
        await MakeAsync("/api/tokens", new { name = "backup script", scopes = (string[])["view"] });
        _ids["webhook"] = await MakeAsync("/api/webhooks", new { url = _hook.Url, events = (string[])["program.*", "destination.*"] });
        await MakeAsync("/api/webhooks", new { url = $"http://127.0.0.1:{FreePort.Next()}/a/receiver/that/is/not/there", events = (string[])["program.onAir"] });
        using var folder = new TemporaryDirectory();
        var picture = folder.File("Back in a minute.png");
        var video = folder.File("Loop.mp4");
        await ChildProcess.RunAsync("ffmpeg", ["-f", "lavfi", "-i", "gradients=s=640x360:c0=teal:c1=navy", "-frames:v", "1", picture]);
        await ChildProcess.RunAsync("ffmpeg", ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=15", "-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", video]);
        await UploadAsync(picture, "image/png");
        await UploadAsync(video, "video/mp4");
    }

    /// <summary>A broadcast whose source is away for a moment, and that somebody ends.</summary>
    private async Task AShowAsync()
    {
        var api = Server.Api;
        var publisher = await FfmpegPublisher.StartAsync(Server.PublishUrl, Encoder);
        await api.WaitAsync(status => status.State == "live" && status.Destination(Good).FramesSent > 0, "the first show is not on air");
        publisher.Kill();
        await publisher.DisposeAsync();
        await api.WaitForStateAsync("fallback");
        await using (await FfmpegPublisher.StartAsync(Server.PublishUrl, Encoder))
        {
            await api.WaitForStateAsync("live");
            await api.StopAsync();
            await api.WaitForStateAsync("stopped");
        }

        await Eventually.TrueAsync(async () => !(await api.StreamsAsync()).Any(stream => stream.ConnectionType == "publisher"));
        _ids["broadcast"] = (await api.GetAsync("/api/broadcasts")).Body[0].GetProperty("id").GetString()!;
        await Eventually.TrueAsync(async () => (await api.GetAsync($"/api/webhooks/{_ids["webhook"]}/deliveries?state=delivered")).Text.Contains("program.ended", StringComparison.Ordinal));
    }

    private async Task<string> LogInAsync(ServerProcess server)
    {
        var page = await _browser.OpenAsync(server, [], "/");
        await Assertions.Expect(page.GetByTestId("air-state")).ToBeVisibleAsync();
        var state = await page.Context.StorageStateAsync();
        await page.Context.DisposeAsync();
        return state;
    }

    private async Task<string> MakeAsync(string path, object body)
    {
        var answer = await Server.Api.PostAsync(path, body);
        return answer.Status is HttpStatusCode.Created ? answer.Body.GetProperty("id").GetString()! : throw new InvalidOperationException($"{answer.Status}: {answer.Text}");
    }

    private async Task UploadAsync(string file, string type)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Server.ApiPort}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ServerProcess.Token);
        using var content = new MultipartFormDataContent();
        await using var stream = File.OpenRead(file);
        using var part = new StreamContent(stream);
        part.Headers.ContentType = new MediaTypeHeaderValue(type);
        content.Add(part, "file", Path.GetFileName(file));
        using var answer = await client.PostAsync(new Uri("/api/upload", UriKind.Relative), content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
