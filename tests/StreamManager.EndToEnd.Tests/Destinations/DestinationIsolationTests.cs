using System.Net;
using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Destinations;

/// <summary>What happens to one destination is seen in its own row and nowhere else.</summary>
public sealed class DestinationIsolationTests
{
    private const string GoodKey = "good-key";

    /// <summary>Queues of eight destinations of 0.7 Mbit/s are below 1 MB; the rest is what a .NET process grows by while it warms up.</summary>
    private const double MemoryGrowthMegabytes = 64;

    private static readonly EncoderSettings Encoder = new();

    [Fact]
    public async Task BadDestinations_BesideAGoodOne_ShowInTheirOwnRowsOnly()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var bad = await BadDestinations.StartAsync();
        await using var server = await ServerProcess.StartAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), GoodKey);
        await server.Api.WaitAsync(status => status.Destination("good").FramesSent > 30, "the good one is not delivering");
        var memoryBefore = ProcessMemory.ResidentMegabytes(server.Process.Id);

        await AddBadOnesAsync(server.Api, bad);
        await server.Api.WaitAsync(status => status.Destination("never reads").State == "live", "the one that will not read is not live");
        bad.StopReading();
        var retries = new List<DateTimeOffset>();
        string? wordsOfReset = null;
        var status = await server.Api.WaitAsync(
            now =>
            {
                if (now.Destination("refuses TCP").NextRetryAt is { } planned && (retries.Count == 0 || planned > retries[^1]))
                    retries.Add(planned);
                // Its row changes each second: the words stand there until it is live again.
                if (now.Destination("resets") is { State: "retrying", Verdict: "unreachable", NextRetryAt: not null, LastError: { } words })
                    wordsOfReset = words;
                return now.UptimeSeconds >= 22 && wordsOfReset is not null && IsJudged(now);
            },
            "not every bad destination was judged",
            TimeSpan.FromSeconds(60));

        AssertRow(status, "refuses TCP", "unreachable", "refuses connections");
        AssertRow(status, "unknown name", "unreachable", "does not exist");
        AssertRow(status, "never answers", "unreachable", "says nothing");
        AssertRow(status, "never reads", "stalled", "acknowledged nothing");
        AssertRow(status, "reads slowly", "stalled", "slower");
        AssertRow(status, "unknown authority", "unreachable", "not signed by a known authority");
        AssertRow(status, "rejects the key", "rejected", "key");
        Assert.Contains("reset", wordsOfReset, StringComparison.Ordinal);
        Assert.True(status.Destination("resets").Connects > 1, "the one that resets was not tried again");
        Assert.Equal(0, bad.TrustedTheUnknown);
        AssertGrowing(retries);
        Assert.InRange(ProcessMemory.ResidentMegabytes(server.Process.Id) - memoryBefore, double.NegativeInfinity, MemoryGrowthMegabytes);

        var good = status.Destination("good");
        Assert.Equal(("live", "delivering", 1, 0, null), (good.State, good.Verdict, good.Connects, good.FramesDropped, good.LastError));
        await server.Api.StopAsync();
        await nginx.StopAsync();
        var recording = RecordingJudge.AssertNoHole(nginx, GoodKey, Encoder);
        Assert.True(recording.Duration >= TimeSpan.FromSeconds(20));
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(nginx.Recording(GoodKey)));
    }

    [Fact]
    public async Task Destinations_ChangedOnAir_LeaveTheOthersAlone()
    {
        await using var nginx = await NginxRtmp.StartAsync();
        await using var server = await ServerProcess.StartAsync();
        await using var publisher = await FfmpegPublisher.StartAsync(server.PublishUrl, Encoder);
        await server.Api.AddDestinationAsync("good", nginx.ServerUrl(), GoodKey);
        await server.Api.WaitForStateAsync("live");

        var id = await server.Api.AddDestinationAsync("other", nginx.ServerUrl(), "first-key", enabled: false);
        await server.Api.WaitAsync(status => status.Destination("other").State == "disabled", "not disabled from the start");
        Assert.Equal(0, nginx.PublishCount("first-key"));

        await server.Api.ChangeDestinationAsync(id, new { enabled = true });
        await nginx.WaitForRecordingAsync("first-key", TimeSpan.FromSeconds(1));
        await server.Api.ChangeDestinationAsync(id, new { enabled = false });
        await server.Api.WaitAsync(status => status.Destination("other").State == "disabled", "not disabled");
        await AssertCleanEndAsync(nginx, "first-key");

        await server.Api.ChangeDestinationAsync(id, new { enabled = true, streamKey = "second-key" });
        await nginx.WaitForRecordingAsync("second-key", TimeSpan.FromSeconds(1));
        await server.Api.ChangeDestinationAsync(id, new { streamKey = "third-key" });
        await nginx.WaitForRecordingAsync("third-key", TimeSpan.FromSeconds(1));
        await AssertCleanEndAsync(nginx, "second-key");

        // What is only shown is no reason to connect anew: a second later it is still the same connection.
        await server.Api.WaitAsync(status => status.Destination("other") is { State: "live", FramesSent: > 0 }, "not delivered under its third key");
        var before = (await server.Api.StatusAsync()).Destination("other");
        await server.Api.ChangeDestinationAsync(id, new { name = "renamed", platform = "youtube", playbackUrl = "https://youtube.example/live" });
        var after = (await server.Api.WaitAsync(status => status.Destination("renamed").FramesSent > before.FramesSent + 30, "lost by its new name")).Destination("renamed");
        Assert.Equal((before.Connects, before.FramesDropped, "https://youtube.example/live"), (after.Connects, after.FramesDropped, after.PlaybackUrl));
        Assert.Equal(HttpStatusCode.NoContent, (await server.Api.RemoveDestinationAsync(id)).Status);
        Assert.Single((await server.Api.StatusAsync()).Destinations);
        await AssertCleanEndAsync(nginx, "third-key");

        var good = (await server.Api.StatusAsync()).Destination("good");
        Assert.Equal(("live", 1, 0), (good.State, good.Connects, good.FramesDropped));
        await server.Api.StopAsync();
        await nginx.StopAsync();
        RecordingJudge.AssertNoHole(nginx, GoodKey, Encoder);
        foreach (var key in (string[])[GoodKey, "first-key", "second-key", "third-key"])
        {
            Assert.Equal(1, nginx.PublishCount(key));
            Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(nginx.Recording(key)));
        }
    }

    private static async Task AddBadOnesAsync(ApiClient api, BadDestinations bad)
    {
        // Short times, so that the test sees within 20 s what takes a minute with the usual ones.
        var settings = new { retryInitialSeconds = 0.5, stallAfterSeconds = 2, queueLimitMs = 1500 };
        // On loopback a full window of 16 KB opens again in halves, at 10 kbit/s each 6.5 s: that is slow, and no stall.
        var slow = settings with { stallAfterSeconds = 15 };
        (string Name, string Url)[] all =
        [
            ("refuses TCP", bad.RefusesTcp), ("unknown name", bad.UnknownName), ("never answers", bad.NeverAnswers), ("never reads", bad.NeverReads),
            ("reads slowly", bad.ReadsSlowly), ("resets", bad.Resets), ("unknown authority", bad.UnknownAuthority), ("rejects the key", bad.RejectsTheKey),
        ];
        foreach (var (name, url) in all)
            await api.AddDestinationAsync(name, url, "bad-key-" + name.Replace(' ', '-'), settings: name == "reads slowly" ? slow : settings);
    }

    private static bool IsJudged(StatusView status) =>
        status.Destination("never answers").LastError is not null
        && status.Destination("never reads").Verdict == "stalled"
        && status.Destination("reads slowly").Verdict == "stalled"
        && status.Destination("resets").Connects > 1;

    private static void AssertRow(StatusView status, string name, string verdict, string word)
    {
        var row = status.Destination(name);
        Assert.Equal(verdict, row.Verdict);
        Assert.Contains(word, row.LastError, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("bad-key", row.LastError, StringComparison.Ordinal);
    }

    // The waits double and half of each is chance: the shortest of one step is the longest of the step before.
    private static void AssertGrowing(List<DateTimeOffset> retries)
    {
        var waits = retries.Zip(retries.Skip(1), (first, second) => second - first).ToArray();
        Assert.True(waits.Length >= 3, $"only {waits.Length} retries were seen");
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.True(pair.Second > pair.First, $"waits do not grow: {string.Join(", ", waits)}"));
    }

    private static Task AssertCleanEndAsync(NginxRtmp nginx, string key) => Eventually.TrueAsync(
        () => FlvRecording.Read(nginx.Recording(key)).HasEndOfSequence,
        describe: () => $"no end of sequence for {key}\n{nginx.Log}");
}
