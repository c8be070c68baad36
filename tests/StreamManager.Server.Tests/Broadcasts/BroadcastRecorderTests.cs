using System.Text.Json;
using StreamManager.Engine;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Broadcasts;

/// <summary>What a report says of what happened.</summary>
public sealed class BroadcastRecorderTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 20, 0, 0, TimeSpan.Zero);

    private readonly BroadcastRecorder _recorder = BroadcastRecorder.Begin("main", Start);

    [Fact]
    public void Broadcast_WithALossAndAReturn_TellsWhatWasSeenWhenAndForHowLong()
    {
        At(0, new EngineEvent.ProgramSwitched(null, "main", SwitchReason.Start));
        At(60, new EngineEvent.ProgramSwitched("main", null, SwitchReason.Crash));
        At(88.5, new EngineEvent.ProgramSwitched(null, "main", SwitchReason.Return));
        Assert.Equal((100, 28.5, 2), (Report(100).Seconds, Report(100).SecondsOnFallback, Report(100).Switches));
        Assert.Null(Report(100).EndedAt);
        At(120, new EngineEvent.ProgramSwitched("main", null, SwitchReason.CleanEnd));
        At(130, new EngineEvent.ProgramEnded(BroadcastEnd.Operator, TimeSpan.FromSeconds(130), new ProgramFigures(3, TimeSpan.FromSeconds(38.5), 34.27, 21.3)));

        var report = Report(500);
        Assert.Equal("20260301-200000000-main", report.Id);
        Assert.Equal((130, 38.5, 0, 3), (report.Seconds, report.SecondsOnFallback, report.SecondsDown, report.Switches));
        Assert.Equal((Start.UtcDateTime.AddSeconds(130), "operator"), (report.EndedAt!.Value, report.EndReason));
        Assert.Equal((34.3, 21.3), (report.LargestVideoGapMs, report.LargestAudioGapMs));
        Assert.Equal(
            ["0 source main start", "60 fallback  crash", "88.5 source main return", "120 fallback  cleanEnd"],
            report.Segments.Select(segment => $"{(segment.At - report.StartedAt).TotalSeconds} {segment.Shows} {segment.Source} {segment.Reason}"));
    }

    [Fact]
    public void Broadcast_ThatBeginsWithTheFallback_CountsItFromTheBeginning()
    {
        At(10, new EngineEvent.ProgramSwitched(null, "backup", SwitchReason.Return));
        var report = Report(15);
        Assert.Equal((10, 1), (report.SecondsOnFallback, report.Switches));
        Assert.Equal(["fallback", "source"], report.Segments.Select(segment => segment.Shows));
    }

    [Fact]
    public void Destination_ThatIsLostTwice_IsToldApartFromOneThatNeverConnects()
    {
        At(0, new EngineEvent.DestinationConnecting("good", "Good"));
        At(0, new EngineEvent.DestinationConnecting("bad", "Bad"));
        At(1, new EngineEvent.DestinationLive("good", "Good", 1));
        At(2, new EngineEvent.DestinationRetrying("bad", "Bad", "the key is wrong", 1, Start));
        At(3, new EngineEvent.DestinationRetrying("bad", "Bad", "the key is wrong", 9, Start));
        At(50, new EngineEvent.DestinationRetrying("good", "Good", "reset", 1, Start));
        At(52, new EngineEvent.DestinationLive("good", "Good", 2));
        At(60, new EngineEvent.DestinationStalled("good", "Good", "takes too little"));
        At(70, new EngineEvent.DestinationFailed("good", "Good", "closed", 3));

        var report = Report(100);
        Assert.Equal(["good 2 2 closed", "bad 0 0 the key is wrong"], report.Destinations.Select(one => $"{one.Id} {one.Connects} {one.Lost} {one.LastError}"));
        Assert.Equal(["connecting", "live", "retrying", "live", "stalled", "failed"], report.Destinations[0].Moments.Select(moment => moment.State));
    }

    [Fact]
    public void Destination_ThatWasRemoved_EndsThere_AndKeepsWhatItHad()
    {
        At(1, new EngineEvent.DestinationLive("one", "One", 1));
        _recorder.Count(Snapshot(frames: 300, bytes: 5_000, gap: 33), Start.AddSeconds(9));
        for (var seconds = 20; seconds < 26; seconds += 2)
            _recorder.Count(Snapshot(frames: 0, bytes: 0, gap: 0) with { Outputs = [] }, Start.AddSeconds(seconds));

        var one = Assert.Single(Report(30).Destinations);
        Assert.Equal(["live 1", "disabled 20"], one.Moments.Select(moment => $"{moment.State} {(moment.At - Start.UtcDateTime).TotalSeconds}"));
        Assert.Equal((300, 5_000, 0), (one.FramesSent, one.BytesSent, one.Lost));
    }

    [Fact]
    public void Counters_GoOnOverARestartOfTheServer_AndTheTimeWithoutItIsDown()
    {
        At(0, new EngineEvent.ProgramSwitched(null, "main", SwitchReason.Start));
        At(1, new EngineEvent.DestinationLive("one", "One", 1));
        _recorder.Count(Snapshot(frames: 300, bytes: 5_000, gap: 33), Start.AddSeconds(9));
        var saved = Report(10);

        var resumed = BroadcastRecorder.Resume(JsonSerializer.Deserialize(Serialize(saved), BroadcastReportJson.Readable.BroadcastReport)!, Start.AddSeconds(25));
        resumed.Add(Start.AddSeconds(26), new EngineEvent.DestinationLive("one", "One", 1));
        resumed.Count(Snapshot(frames: 100, bytes: 2_000, gap: 0), Start.AddSeconds(27));
        resumed.Add(Start.AddSeconds(30), new EngineEvent.ProgramSwitched(null, "main", SwitchReason.Return));

        var report = resumed.At(Start.UtcDateTime.AddSeconds(40));
        Assert.Equal((40, 5, 15, 33), (report.Seconds, report.SecondsOnFallback, report.SecondsDown, report.LargestVideoGapMs));
        Assert.Equal((2, 400, 7_000), (report.Destinations[0].Connects, report.Destinations[0].FramesSent, report.Destinations[0].BytesSent));
        Assert.Equal(["source", "down", "fallback", "source"], report.Segments.Select(segment => segment.Shows));
        Assert.Equal((Start.UtcDateTime.AddSeconds(10), "interrupted"), (BroadcastRecorder.Interrupted(saved).EndedAt!.Value, BroadcastRecorder.Interrupted(saved).EndReason));
    }

    [Theory]
    [InlineData("高")]
    [InlineData("😀")]
    [InlineData("\u0001")]
    public void Report_OfAShowInWhichEverythingFailsAllTheTime_FitsTheStore(string letter)
    {
        var nonsense = string.Concat(Enumerable.Repeat(letter, 5_000));
        var longName = nonsense[..100];
        for (var i = 0; i < 5_000; i++)
            At(i, new EngineEvent.ProgramSwitched(i % 2 == 0 ? null : "main", i % 2 == 0 ? "main" : null, SwitchReason.Operator));
        for (var i = 0; i < 20_000; i++)
            At(i, new EngineEvent.DestinationRetrying($"destination-{i % 700}", longName, nonsense, i, Start));
        for (var i = 0; i < 1_000; i++)
            At(i, new EngineEvent.DestinationLive("destination-1", longName, i));

        var report = Report(20_000);
        Assert.InRange(Serialize(report).Length, 1, StateLimits.LargestBody);
        Assert.Equal(BroadcastLimits.MostSegments, report.Segments.Count);
        Assert.Equal(BroadcastLimits.MostDestinations, report.Destinations.Count);
        Assert.True(report.Omitted > 10_000);
        Assert.Equal(4_999, (int)(report.Segments[^1].At - report.StartedAt).TotalSeconds);
    }

    private static byte[] Serialize(BroadcastReport report) => JsonSerializer.SerializeToUtf8Bytes(report, BroadcastReportJson.Readable.BroadcastReport);

    private static ChannelSnapshot Snapshot(long frames, long bytes, double gap) => new()
    {
        Id = "main",
        State = ChannelState.Live,
        Program = new ProgramSnapshot { LargestVideoGapMs = gap },
        Outputs =
        [
            new OutputSnapshot
            {
                Destination = new DestinationDefinition { Id = "one", Name = "One", Url = "rtmp://127.0.0.1/live", StreamKey = "k" },
                State = OutputState.Live,
                Verdict = OutputVerdict.Delivering,
                FramesSent = frames,
                BytesSent = bytes,
            },
        ],
    };

    private void At(double seconds, EngineEvent happened) => _recorder.Add(Start.AddSeconds(seconds), happened);

    private BroadcastReport Report(double seconds) => _recorder.At(Start.UtcDateTime.AddSeconds(seconds));
}
