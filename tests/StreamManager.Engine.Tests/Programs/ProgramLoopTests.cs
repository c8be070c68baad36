using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Engine.Tests.Outputs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Programs;

public sealed class ProgramLoopTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new();
    private readonly EngineServices _services;
    private readonly SourceSlot _slot = new("main", keepsGroup: true);
    private readonly FallbackAtOnce _host = new();
    private readonly ProgramLoop _loop;

    public ProgramLoopTests()
    {
        _services = new EngineServices(_time, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _directory.Path }, new NothingRemembered());
        _loop = new ProgramLoop(new ProgramMachine(new ChannelDefinition { Id = "main" }, [_slot]), _host, "main", _services);
        _host.Loop = _loop;
        _loop.Run();
    }

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync();
        _services.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Loss_WithoutAnyFurtherRequest_TheTimerAloneKeepsTheFallbackGoing()
    {
        var output = await GoOnAirAsync();
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
    }

    [Fact]
    public async Task Fault_OfOurOwn_IsSurvived()
    {
        var output = await GoOnAirAsync();
        _host.FailsNext = true;
        await Assert.ThrowsAsync<InvalidOperationException>(() => _loop.DetachAsync(_slot, RtmpPublishEnd.Broken));
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
        Assert.Equal(ChannelState.Fallback, _loop.Status.State);
    }

    [Fact]
    public async Task Packets_AfterTheLoopHasEnded_GoNowhere()
    {
        await GoOnAirAsync();
        await _loop.DisposeAsync();
        foreach (var packet in new Encoder(_slot, new EncoderSettings(), _loop.Now).TakeDue(_loop.Now))
            await _loop.PostAsync(_slot, packet, CancellationToken.None);
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
    }

    [Fact]
    public async Task Fallback_ForAFormatThatIsNotWantedAnyMore_IsLeftOut()
    {
        var output = await GoOnAirAsync();
        await _loop.SetFallbackAsync(new Outdated(), new CancellationToken(canceled: true));
        await _loop.DetachAsync(_slot, RtmpPublishEnd.Broken);
        var before = output.Of(RtmpMessageType.Video).Count;
        await AdvanceUntilAsync(() => output.Of(RtmpMessageType.Video).Count - before >= 80);
    }

    // The loop sets its timer on a thread of its own, so time goes on for as long as it takes.
    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(() =>
    {
        _time.Advance(TimeSpan.FromMilliseconds(101));
        return condition();
    });

    private async Task<CapturingConnection> GoOnAirAsync()
    {
        Assert.True(await _loop.AttachAsync(_slot, new SourceOrigin("1", "127.0.0.1", "test", _ => { })));
        var encoder = new Encoder(_slot, new EncoderSettings(), _loop.Now);
        for (var i = 0; i < 20; i++)
        {
            foreach (var packet in encoder.TakeDue(_loop.Now))
                await _loop.PostAsync(_slot, packet, CancellationToken.None);
            _time.Advance(TimeSpan.FromMilliseconds(33));
        }
        await Eventually.TrueAsync(() => _loop.Status.State is ChannelState.Live);
        var connection = new CapturingConnection();
        Assert.True(await _loop.SubscribeAsync(null, new OutputSender(connection, TimeSpan.FromSeconds(60), _time)));
        return connection;
    }

    private sealed class Outdated : FallbackContent
    {
        public override int FrameCount => 1;

        public override MediaTime TimeOfFrame(long index) => throw new InvalidOperationException("Played all the same.");

        public override MediaPacket? GetFrame(int index) => throw new InvalidOperationException("Played all the same.");
    }

    private sealed class FallbackAtOnce : IProgramHost
    {
        public ProgramLoop? Loop { get; set; }

        public bool FailsNext { get; set; }

        public void PrepareFallback(ProgramFormat format) => _ = Loop!.SetFallbackAsync(new LoopOfPictures(), CancellationToken.None);

        public void WentOnAir(StreamHeader header)
        {
        }

        public void Switched(string? from, string? to, SwitchReason reason)
        {
            if (!FailsNext)
                return;
            FailsNext = false;
            throw new InvalidOperationException("A fault.");
        }

        public void Ended(BroadcastEnd reason)
        {
        }

        public void FormatChanged(StreamHeader header)
        {
        }

        public void WantTranscoder(SourceSlot slot, ProgramHeader? header)
        {
        }

        public void Transcode(SourceSlot slot, MediaPacket packet)
        {
        }
    }
}
