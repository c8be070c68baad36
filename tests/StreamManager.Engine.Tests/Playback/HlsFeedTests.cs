using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Playback;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.TestKit;
using EncoderSettings = StreamManager.Engine.Tests.Programs.EncoderSettings;

namespace StreamManager.Engine.Tests.Playback;

/// <summary>Who watches by HLS, over a hub that a test feeds.</summary>
public sealed class HlsFeedTests : IAsyncDisposable
{
    private readonly PacketHub _hub = new();
    private readonly HlsFeeds _feeds;
    private bool _isOnAir = true;
    private int _opened;
    private int _left;

    public HlsFeedTests()
    {
        _feeds = new HlsFeeds(Open, _ => 0, TimeProvider.System, NullLoggerFactory.Instance);
        _hub.Begin(HlsStream.Header());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ViewersShareOneReader_WhichEndsWithTheLast()
    {
        var first = _feeds.Join(null);
        var second = _feeds.Join(null);
        await OpenedAsync(1);
        Send(0, 2.1);
        var window = await FirstAsync(first);
        Assert.Equal(window.Run, (await FirstAsync(second)).Run);
        Assert.Equal((1, 0), (_opened, _feeds.Viewers));
        first.Begin();
        first.Begin();
        second.Begin();
        Assert.Equal(2, _feeds.Viewers);
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal((0, 1), (_left, _feeds.Viewers));
        await second.DisposeAsync();
        Assert.Equal((1, 0), (_left, _feeds.Viewers));
        Assert.True(second.Window.IsEnded);

        // The next one begins anew, under other addresses.
        await using var third = _feeds.Join(null);
        await OpenedAsync(2);
        Send(2.1, 6.1);
        Assert.NotEqual(window.Run, (await FirstAsync(third)).Run);
        Assert.Equal(2, _opened);
    }

    [Fact]
    public async Task PlayersBegin_WhenThereIsWhatTheyStayBehind()
    {
        await using var viewing = _feeds.Join(null);
        await OpenedAsync(1);
        Send(0, 4.1);
        var ready = viewing.WaitUntilReadyAsync(Cancel);
        await Eventually.TrueAsync(() => viewing.Window.Segments.Length == 2);
        Assert.False(ready.IsCompleted);
        Send(4.12, 6.1);
        Assert.Equal(3, (await ready.AsTask().WaitAsync(Eventually.DefaultTimeout, Cancel)).Listed);
    }

    [Fact]
    public async Task ViewersInAndOut_FromManyThreads_LeaveNothingBehind()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), Cancel, async (_, _) =>
        {
            var viewing = _feeds.Join(null);
            viewing.Begin();
            await viewing.DisposeAsync();
            viewing.Begin();
        });
        Assert.Equal((0, _opened), (_feeds.Viewers, _left));
    }

    [Fact]
    public async Task EndOfTheProgram_CompletesWhatThereIs_AndTheNextViewerIsOfTheNextProgram()
    {
        await using var viewing = _feeds.Join(null);
        await OpenedAsync(1);
        Send(0, 3);
        await FirstAsync(viewing);
        _isOnAir = false;
        _hub.End(HubEnd.Intended);
        await Eventually.TrueAsync(() => viewing.Window.IsEnded);
        Assert.Equal([2.0, 1.0], viewing.Window.Segments.Select(segment => Math.Round(segment.Duration.TotalSeconds, 2)));
        Assert.Null(viewing.Window.Problem);

        _isOnAir = true;
        _hub.Begin(HlsStream.Header());
        await using var next = _feeds.Join(null);
        await OpenedAsync(2);
        Send(0, 2.1);
        Assert.False((await FirstAsync(next)).IsEnded);
    }

    [Fact]
    public async Task RestartWithAnotherFormat_GoesOnWithADiscontinuity()
    {
        await using var viewing = _feeds.Join(null);
        await OpenedAsync(1);
        Send(0, 3);
        await FirstAsync(viewing);
        // In one turn of the loop, as there: the reader is back before the second otherwise.
        lock (_hub)
        {
            _hub.End(HubEnd.Interrupted);
            _hub.Begin(HlsStream.Header(EncoderSettings.High640x360));
        }
        await OpenedAsync(2);
        Send(3, 7.1, keyframesFrom: 3);
        await Eventually.TrueAsync(() => viewing.Window.Segments.Any(segment => segment.IsDiscontinuity));
        Assert.False(viewing.Window.IsEnded);
        Assert.Equal([0, 0, 1], viewing.Window.Segments.Select(segment => segment.Init.Number).Take(3));
    }

    [Fact]
    public async Task NothingToPlay_IsKnownAtOnce()
    {
        _isOnAir = false;
        await using var viewing = _feeds.Join(null);
        Assert.Equal((false, true, null), ((await FirstAsync(viewing)) is var window ? (window.CanBegin, window.IsEnded, window.Problem) : default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StreamThatCannotBeCarried_IsSaidAtOnce(bool hasPictures)
    {
        _hub.End(HubEnd.Interrupted);
        _hub.Begin(HlsStream.Header() with { Video = hasPictures ? HlsStream.Configuration(MediaKind.Video, FourCc.Vp9, new byte[30], 5) : null });
        Send(0, 0.1);
        await using var viewing = _feeds.Join(null);
        var window = await FirstAsync(viewing);
        Assert.False(window.CanBegin);
        Assert.NotNull(window.Problem);
        await Eventually.TrueAsync(() => _left == 1);
    }

    [Fact]
    public async Task StreamOfSoundAlone_IsSaid_AlsoToWhoCameBeforeIt()
    {
        _hub.End(HubEnd.Interrupted);
        await using var viewing = _feeds.Join(null);
        await OpenedAsync(1);
        lock (_hub)
            _hub.Begin(HlsStream.Header() with { Video = null });
        var window = await FirstAsync(viewing);
        Assert.False(window.CanBegin);
        Assert.NotNull(window.Problem);
    }

    [Fact]
    public async Task WaitingThatIsGivenUp_LeavesTheOthersAlone()
    {
        await using var patient = _feeds.Join(null);
        using var limit = new CancellationTokenSource();
        var impatient = _feeds.Join(null);
        var waiting = impatient.WaitUntilReadyAsync(limit.Token);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        await impatient.DisposeAsync();
        await OpenedAsync(1);
        Send(0, 2.1);
        Assert.True((await FirstAsync(patient)).CanBegin);
    }

    public ValueTask DisposeAsync() => _feeds.DisposeAsync();

    private static async Task<HlsWindow> FirstAsync(HlsViewing viewing)
    {
        await Eventually.TrueAsync(() => viewing.Window is { CanBegin: true } or { IsEnded: true });
        return viewing.Window;
    }

    // What is sent before would be lost.
    private Task OpenedAsync(int times) => Eventually.TrueAsync(() => Volatile.Read(ref _opened) == times);

    // As the program's loop: one at a time.
    private ValueTask<PlaybackQueue?> Open()
    {
        lock (_hub)
        {
            if (!_isOnAir)
                return default;
            var queue = new PlaybackQueue(leaving =>
            {
                lock (_hub)
                    _hub.Unsubscribe(leaving);
                Interlocked.Increment(ref _left);
            });
            _hub.Subscribe(queue);
            Interlocked.Increment(ref _opened);
            return ValueTask.FromResult<PlaybackQueue?>(queue);
        }
    }

    private ValueTask<PlaybackQueue?> Open(string? sourceId) => Open();

    private void Send(double from, double to, double keyframesFrom = 0)
    {
        lock (_hub)
        {
            for (var frame = (int)Math.Ceiling(from * 25 - 1e-6); frame < to * 25 - 1e-6; frame++)
            {
                var time = MediaTime.FromUnits(frame, 25);
                _hub.Add(new ProgramPacket(Encoder.Picture((frame - (int)Math.Round(keyframesFrom * 25)) % 50 == 0, time), time));
                _hub.Flush();
            }
        }
    }
}
