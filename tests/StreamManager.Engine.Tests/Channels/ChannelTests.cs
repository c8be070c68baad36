using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Engine.Tests.Channels;

/// <summary>A whole channel with real ffmpeg, from the outside.</summary>
public sealed class ChannelTests : IAsyncDisposable
{
    private static readonly ChannelDefinition Definition = new() { Id = "main", Width = 320, Height = 180 };

    private readonly TemporaryDirectory _folder = new();
    private readonly HeardEvents _events = new();
    private readonly EngineServices _services;
    private readonly Channel _channel;

    public ChannelTests()
    {
        _services = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _folder.Path }, new NothingRemembered(), _events);
        _channel = new Channel(Definition, _services);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task FallbackThatIsChangedBeforeTheFirstIsReady_IsPreparedAndTheChannelGoesOnAir()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await _channel.StartAsync(cancellationToken);
        // The slate takes ffmpeg a while; nothing is on air yet.
        await _channel.ReconfigureAsync(Definition with { Fallback = FallbackKind.Image, FallbackFile = _folder.File("missing.png") }, cancellationToken);
        await Eventually.TrueAsync(() => _channel.GetSnapshot().State is ChannelState.Fallback);
        Assert.NotNull(_channel.GetSnapshot().FallbackNote);
    }

    [Fact]
    public async Task Broadcast_FromStartToStop_IsToldInItsOrder()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await _channel.StartAsync(cancellationToken);
        await Eventually.TrueAsync(() => _channel.GetSnapshot().State is ChannelState.Fallback);
        await _channel.StopAsync(cancellationToken);
        Assert.Collection(
            _events.Happened,
            happened => Assert.Equal("slate", Assert.IsType<EngineEvent.FallbackPrepared>(happened).Content),
            happened => Assert.IsType<EngineEvent.ProgramOnAir>(happened),
            happened =>
            {
                var ended = Assert.IsType<EngineEvent.ProgramEnded>(happened);
                Assert.Equal(BroadcastEnd.Operator, ended.Reason);
                Assert.True(ended.OnAir > TimeSpan.Zero);
            });
    }

    [Fact]
    public async Task Stop_IsAnsweredWhenTheDestinationsHaveBeenTold()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ScriptedRtmpServer.GrantUntilPublishAsync(peer);
            await ScriptedRtmpServer.GrantPublishAsync(peer);
            await peer.ReadCommandAsync("deleteStream");
        });
        _channel.PutDestination(new DestinationDefinition { Id = "d", Name = "d", Url = $"rtmp://127.0.0.1:{server.Port}/live", StreamKey = "k" });
        await _channel.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => _channel.GetSnapshot().Outputs[0].State is OutputState.Live);
        await _channel.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal((OutputState.Idle, OutputVerdict.Idle), (_channel.GetSnapshot().Outputs[0].State, _channel.GetSnapshot().Outputs[0].Verdict));
    }

    [Fact]
    public async Task SinkOfARehearsal_GetsTheProgram_AndIsNeitherShownNorToldOf()
    {
        var granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ScriptedRtmpServer.GrantUntilPublishAsync(peer);
            await ScriptedRtmpServer.GrantPublishAsync(peer);
            granted.SetResult();
            await peer.ReadCommandAsync("deleteStream");
        });
        _channel.PutDestination(new DestinationDefinition { Id = "real", Name = "Real", Url = "rtmp://127.0.0.1/live", StreamKey = "k", Enabled = false });
        _channel.PutDestination(new DestinationDefinition { Id = "sink", Name = "Sink", Url = $"rtmp://127.0.0.1:{server.Port}/live", StreamKey = "k", IsRehearsal = true });
        await _channel.StartAsync(TestContext.Current.CancellationToken);
        await granted.Task.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        Assert.Equal(["real"], _channel.GetSnapshot().Outputs.Select(output => output.Destination.Id));

        // Its end is awaited by its removal: what it had to tell was told by then.
        Assert.True(await _channel.RemoveDestinationAsync("sink", TestContext.Current.CancellationToken));
        Assert.Equal(["FallbackPrepared", "ProgramOnAir"], _events.Happened.Select(happened => happened.GetType().Name));
    }

    private sealed class HeardEvents : IEngineEvents
    {
        public ConcurrentQueue<EngineEvent> Happened { get; } = new();

        void IEngineEvents.Happened(string channelId, EngineEvent happened)
        {
            Assert.Equal("main", channelId);
            Happened.Enqueue(happened);
        }
    }
}
