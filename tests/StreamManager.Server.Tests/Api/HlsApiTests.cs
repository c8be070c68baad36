using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Playback;
using StreamManager.Server.Api;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Tests.Hosting;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Api;

/// <summary>The program by HLS as requests; what ffmpeg and Chromium make of it is in the end-to-end tests.</summary>
public sealed class HlsApiTests
{
    private const string Index = "/hls/main/index.m3u8";

    private const int MostViewers = 100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hls_FromTheFirstViewerToTheEndOfTheBroadcast()
    {
        // One server for all of it: its first playlist takes seconds.
        await using var server = await RunningServer.StartAsync("start: always\n", change: options => options with { Rtmp = options.Rtmp with { MaximumConnectionsPerAddress = MostViewers } });
        await server.WaitForStateAsync("fallback");
        await OneViewerAsync(server);
        await ManyViewersAsync(server);
        await EndAsync(server);
    }

    private static async Task OneViewerAsync(RunningServer server)
    {
        using var response = await server.Client.GetAsync(new Uri($"{Index}?token={RunningServer.Token}", UriKind.Relative), Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/vnd.apple.mpegurl", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.True(response.Headers.CacheControl!.NoCache);
        var index = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Matches("BANDWIDTH=[1-9][0-9]+,AVERAGE-BANDWIDTH=[1-9][0-9]+,CODECS=\"avc1[.][0-9A-F]{6},mp4a[.]40[.]2\",RESOLUTION=[0-9]+x[0-9]+,FRAME-RATE=[0-9]+[.][0-9]{3}\n", index);
        Assert.DoesNotContain(RunningServer.Token, index, StringComparison.Ordinal);

        // From here on without a token: the address is enough.
        var program = "/hls/main/" + index.Split('\n').Single(line => line.StartsWith("program.m3u8", StringComparison.Ordinal));
        Assert.Matches("viewer=[0-9a-f]{32}$", program);
        var playlist = await OpenAsync(server, program);
        Assert.Equal((HttpStatusCode.OK, "application/vnd.apple.mpegurl"), (playlist.Status, playlist.ContentType));
        var init = await BytesAsync(server, Address(playlist.Text, "#EXT-X-MAP:URI=\"([^\"]+)\""));
        Assert.Equal("ftyp"u8, init.AsSpan(4, 4));
        var segment = Address(playlist.Text, "\n([^#\n]+m4s[^\n]*)\n");
        var moof = await BytesAsync(server, segment);
        Assert.Equal("moof"u8, moof.AsSpan(4, 4));
        var mdat = BinaryPrimitives.ReadInt32BigEndian(moof);
        Assert.Equal(moof.Length, mdat + BinaryPrimitives.ReadInt32BigEndian(moof.AsSpan(mdat)));
        using var head = await server.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, segment), Cancel);
        Assert.Equal((HttpStatusCode.OK, moof.Length, "video/mp4"), (head.StatusCode, (int?)head.Content.Headers.ContentLength, head.Content.Headers.ContentType?.ToString()));
        Assert.Contains("immutable", head.Headers.CacheControl!.ToString(), StringComparison.Ordinal);

        var viewer = Assert.Single((await server.GetAsync("/api/streams")).Json.EnumerateArray());
        Assert.Equal(("hls", "player", "main"), (viewer.GetProperty("protocol").GetString(), viewer.GetProperty("connectionType").GetString(), viewer.GetProperty("streamPath").GetString()));
        Assert.Equal(1, (await server.GetAsync("/api/status")).Json.GetProperty("viewers").GetInt32());
        await WrongAddressesAsync(server, program, segment);

        Assert.Equal(HttpStatusCode.NoContent, (await server.SendAsync(HttpMethod.Delete, $"/api/streams/{viewer.GetProperty("clientId").GetString()}")).Status);
        foreach (var path in new[] { program, segment })
            Assert.Equal((HttpStatusCode.NotFound, "viewer_not_found"), ((await OpenAsync(server, path)).Status, (await OpenAsync(server, path)).Code));
        await server.WaitForAsync("/api/streams", streams => streams.GetArrayLength() == 0);
        await server.WaitForAsync("/api/status", status => status.GetProperty("viewers").GetInt32() == 0);
    }

    private static async Task ManyViewersAsync(RunningServer server)
    {
        var programs = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, MostViewers), new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Cancel }, async (_, _) =>
        {
            var program = await BeginAsync(server);
            await OpenAsync(server, program);
            programs.Add(program);
        });
        Assert.Equal(MostViewers, programs.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(MostViewers, (await server.GetAsync("/api/status")).Json.GetProperty("viewers").GetInt32());
        var runs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var program in programs.Take(50))
            runs.Add(Address((await OpenAsync(server, program)).Text, "\n([^#\n/]+)/[0-9]+[.]m4s"));
        Assert.Single(runs);

        var refused = await server.GetAsync(Index);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "too_many_viewers"), (refused.Status, refused.Code));
        var first = (await server.GetAsync("/api/streams")).Json[0].GetProperty("clientId").GetString();
        await server.SendAsync(HttpMethod.Delete, $"/api/streams/{first}");
        await Eventually.TrueAsync(async () => (await server.GetAsync(Index)).Status == HttpStatusCode.OK);
        await server.SendAsync(HttpMethod.Delete, $"/api/streams/{(await server.GetAsync("/api/streams")).Json[0].GetProperty("clientId").GetString()}");
    }

    private static async Task EndAsync(RunningServer server)
    {
        string? program = null;
        await Eventually.TrueAsync(async () => (await server.GetAsync(Index)) is { Status: HttpStatusCode.OK } index && (program = "/hls/main/" + Address(index.Text, "\n([^#\n]+)\n")) is not null);
        await OpenAsync(server, program!);
        await server.PostAsync("/api/stop");
        await Eventually.TrueAsync(async () => (await OpenAsync(server, program!)).Text.EndsWith("#EXT-X-ENDLIST\n", StringComparison.Ordinal));
        // What there is can still be fetched; who comes now is told that there is nothing.
        Assert.NotEmpty(await BytesAsync(server, Address((await OpenAsync(server, program!)).Text, "\n([^#\n]+m4s[^\n]*)\n")));
        await server.SendAsync(HttpMethod.Delete, $"/api/streams/{(await server.GetAsync("/api/streams")).Json[0].GetProperty("clientId").GetString()}");
        Answer answer = null!;
        await Eventually.TrueAsync(async () => (answer = await server.GetAsync(Index)).Status == HttpStatusCode.NotFound);
        Assert.Equal("nothing_to_show", answer.Code);
    }

    [Fact]
    public async Task WhatIsNotThere_IsNotFound()
    {
        await using var server = await RunningServer.StartAsync();
        foreach (var (path, code) in new[]
        {
            ("/hls/main/index.m3u8?source=main", "nothing_to_show"),
            ("/hls/main/index.m3u8?source=nothing", "nothing_to_show"),
            ("/hls/nothing/index.m3u8", "channel_not_found"),
            ("/hls/main/program.m3u8", "viewer_not_found"),
            ("/hls/main/program.m3u8?viewer=", "viewer_not_found"),
            ("/hls/main/program.m3u8?viewer=00000000000000000000000000000000", "viewer_not_found"),
            ("/hls/main/x/0.m4s?viewer=x", "viewer_not_found"),
        })
        {
            var answer = await server.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.NotFound, code), (path, answer.Status, answer.Code));
        }

        foreach (var path in new[] { Index, "/preview/main.flv", "/preview/main.flv?source=main", "/preview/main.flv?source=nothing" })
            Assert.Equal((path, "nothing_to_show"), (path, (await server.GetAsync(path)).Code));

        // Who got nothing is not told of, and nobody is asked: else such requests would push all else out of the journal. What comes after them in the journal is there, so they would be.
        await server.PostAsync("/api/start");
        await server.WaitForAsync("/api/events?type=program.onAir", answer => answer.GetProperty("events").GetArrayLength() == 1);
        Assert.Empty((await server.GetAsync("/api/events?type=connection")).Json.GetProperty("events").EnumerateArray());
    }

    [Fact]
    public async Task ViewerThatAsksForNothingMore_IsGone()
    {
        var time = new ManualTimeProvider();
        await using var parts = await HandlerParts.MakeAsync("token", new ChannelOptions());
        // On air: what has ended is another matter.
        await parts.Channels.Find("main")!.StartAsync(Cancel);
        await Eventually.TrueAsync(() => parts.Channels.Find("main")!.IsThereAsync(null).AsTask());
        var limiter = new ConnectionLimiter(10, 10);
        await using var viewers = new HlsViewers(parts.Connections, parts.Watch, limiter, time, NullLogger<HlsViewers>.Instance);
        Assert.True(viewers.TryEnter("192.0.2.1"));
        Assert.True(viewers.TryEnter("192.0.2.1"));
        var id = Add("hls-1");
        var unused = Add("hls-2");
        Assert.NotNull(viewers.Watch(id, "main"));
        Assert.NotNull(viewers.Watch(id, "main"));
        Assert.Null(viewers.Watch(unused, "other"));
        Assert.Equal(1, parts.Channels.Find("main")!.GetSnapshot().Viewers);
        time.Advance(HlsViewers.UnusedTimeout + TimeSpan.FromSeconds(2));
        await Eventually.TrueAsync(() => limiter.Count == 1);
        Assert.Null(viewers.Find(unused, "main"));
        Assert.NotNull(viewers.Find(id, "main"));
        time.Advance(HlsViewers.SilenceTimeout - TimeSpan.FromSeconds(1));
        Assert.NotNull(viewers.Find(id, "main"));
        Assert.Null(viewers.Find(id, "other"));
        time.Advance(HlsViewers.SilenceTimeout - TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1), (parts.Connections.All.Count, limiter.Count));
        time.Advance(TimeSpan.FromSeconds(4));
        await Eventually.TrueAsync(() => limiter.Count == 0 && parts.Channels.Find("main")!.GetSnapshot().Viewers == 0);
        Assert.Empty(parts.Connections.All);
        Assert.Null(viewers.Find(id, "main"));

        string Add(string clientId) => viewers.Add(
            new StreamConnection(clientId, StreamRole.Player, "hls", "main", null, "192.0.2.1", "", time.GetUtcNow(), _ => { }), parts.Channels.Find("main")!.OpenHls(null)!);
    }

    [Fact]
    public async Task ViewerOfWhatHasEnded_IsGoneHoweverOftenItAsks()
    {
        var time = new ManualTimeProvider();
        await using var parts = await HandlerParts.MakeAsync("token", new ChannelOptions());
        var limiter = new ConnectionLimiter(10, 10);
        await using var viewers = new HlsViewers(parts.Connections, parts.Watch, limiter, time, NullLogger<HlsViewers>.Instance);
        Assert.True(viewers.TryEnter("192.0.2.1"));
        var viewing = parts.Channels.Find("main")!.OpenHls(null)!;
        var id = viewers.Add(new StreamConnection("hls-1", StreamRole.Player, "hls", "main", null, "192.0.2.1", "", time.GetUtcNow(), _ => { }), viewing);
        await Eventually.TrueAsync(() => viewing.Window.IsEnded);
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return viewers.Watch(id, "main") is null;
        });
        // Not before a player has fetched what there is.
        Assert.True(time.Elapsed >= HlsViewers.EndedTimeout, $"{time.Elapsed}");
        await Eventually.TrueAsync(() => limiter.Count == 0 && parts.Channels.Find("main")!.GetSnapshot().Viewers == 0);
        Assert.Empty(parts.Connections.All);
    }

    [Fact]
    public async Task ViewerThatIsClosed_FetchesNothingToTheEnd()
    {
        // A clock that stands still: nothing is given up for being slow.
        var time = new ManualTimeProvider();
        await using var parts = await HandlerParts.MakeAsync("token", new ChannelOptions());
        var limiter = new ConnectionLimiter(10, 10);
        await using var viewers = new HlsViewers(parts.Connections, parts.Watch, limiter, time, NullLogger<HlsViewers>.Instance);
        Assert.True(viewers.TryEnter("192.0.2.1"));
        var id = viewers.Add(
            new StreamConnection("hls-1", StreamRole.Player, "hls", "main", null, "192.0.2.1", "", time.GetUtcNow(), _ => { }), parts.Channels.Find("main")!.OpenHls(null)!);
        var viewer = viewers.Watch(id, "main")!;
        var segment = new HlsSegment
        {
            Number = 0,
            Init = null!,
            Discontinuities = 0,
            IsDiscontinuity = false,
            IsIndependent = true,
            Duration = TimeSpan.FromSeconds(2),
            StartsAt = time.GetUtcNow(),
            Pictures = 1,
            HeldBytes = 1_000_000,
            Pieces = [new byte[1_000_000]],
        };
        // A network that takes nothing.
        var network = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var download = new HlsDownload(segment, viewer, viewers, time).WriteAsync(network.Writer, Cancel);
        Assert.False(download.IsCompleted);
        Assert.True(parts.Connections.Kick("hls-1", "test"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => download.WaitAsync(Eventually.DefaultTimeout, Cancel));
    }

    [Fact]
    public async Task Downloads_OfOneViewer_AreBounded()
    {
        await using var parts = await HandlerParts.MakeAsync("token", new ChannelOptions());
        await using var viewing = parts.Channels.Find("main")!.OpenHls(null)!;
        var viewer = new HlsViewer("id", new StreamConnection("hls-1", StreamRole.Player, "hls", "main", null, "192.0.2.1", "", TimeProvider.System.GetUtcNow(), _ => { }), viewing);
        Assert.All(Enumerable.Range(0, HlsViewer.MostDownloads), _ => Assert.True(viewer.TryBeginDownload()));
        Assert.False(viewer.TryBeginDownload());
        Assert.False(viewer.TryBeginDownload());
        viewer.EndDownload();
        Assert.True(viewer.TryBeginDownload());
        Assert.False(viewer.TryBeginDownload());
    }

    private static async Task WrongAddressesAsync(RunningServer server, string program, string segment)
    {
        foreach (var (path, code) in new[]
        {
            (program.Replace("/hls/main/", "/hls/other/", StringComparison.Ordinal), "viewer_not_found"),
            (program[..^1], "viewer_not_found"),
            (program.Replace("viewer=", "Viewer2=", StringComparison.Ordinal), "viewer_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "999999.m4s"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "-1.m4s"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "99999999999999999999999.m4s"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "%200.m4s"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", ".m4s"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "init-1.mp4"), "segment_not_found"),
            (Regex.Replace(segment, "[0-9]+[.]m4s", "init-4294967296.mp4"), "segment_not_found"),
            (Regex.Replace(segment, "main/[^/]+/", "main/0000000000000000/"), "segment_not_found"),
        })
        {
            var answer = await OpenAsync(server, path);
            Assert.True((answer.Status, answer.Code) == (HttpStatusCode.NotFound, code), $"{path}: {answer.Status} {answer.Text}");
        }
    }

    private static async Task<string> BeginAsync(RunningServer server)
    {
        Answer index = null!;
        await Eventually.TrueAsync(async () => (index = await server.GetAsync(Index)).Status == HttpStatusCode.OK, describe: () => index.Text);
        return "/hls/main/" + Address(index.Text, "\n([^#\n]+)\n");
    }

    private static Task<Answer> OpenAsync(RunningServer server, string path) => server.SendAsync(HttpMethod.Get, path, token: null);

    private static async Task<byte[]> BytesAsync(RunningServer server, string path) => await server.Client.GetByteArrayAsync(new Uri(path, UriKind.Relative), Cancel);

    private static string Address(string playlist, string pattern)
    {
        var found = Regex.Match(playlist, pattern);
        Assert.True(found.Success, playlist);
        var address = found.Groups[1].Value;
        return address.Contains('?', StringComparison.Ordinal) && !address.StartsWith("program", StringComparison.Ordinal) ? "/hls/main/" + address : address;
    }
}
