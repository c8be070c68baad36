using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Engine.Tests.Outputs;

/// <summary>One destination's task against a server that does what a script says. Its clock stands still unless a test moves it.</summary>
public sealed class OutputTests : IDisposable
{
    private const string Key = "the-secret-key";

    private static readonly StreamHeader OnAir = new(new OnMetaData(), Configuration(), null);

    private readonly ManualTimeProvider _time = new();
    private readonly RecordedLog _log = new();
    private readonly TemporaryDirectory _folder = new();
    private readonly EngineServices _services;

    public OutputTests()
    {
        _services = new EngineServices(_time, _log, new EngineOptions { DataDirectory = _folder.Path }, new NothingRemembered());
    }

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task ProgramThatIsOffAirAfterAll_IsNotConnectedForAgainAtOnce()
    {
        await using var server = new ScriptedRtmpServer(GrantAndReadAsync);
        var program = new HubProgram { IsOnAir = false };
        await using var output = new Output(Destination(server.Port), OnAir, program, _services);
        await Eventually.TrueAsync(() => output.GetSnapshot().State is OutputState.Retrying);
        Assert.Equal((1, 1), (server.Connections, program.Subscriptions));
        program.IsOnAir = true;
        await AdvanceUntilAsync(() => output.GetSnapshot().State is OutputState.Live);
        Assert.Equal((2, 2), (server.Connections, program.Subscriptions));
    }

    [Fact]
    public async Task SenderThatIsLostBeforeTheConnection_DoesNotConnectAnewAtOnce()
    {
        await using var server = new ScriptedRtmpServer(GrantAndReadAsync);
        var program = new HubProgram();
        await using var output = new Output(Destination(server.Port, retry: TimeSpan.FromHours(1)), OnAir, program, _services);
        await Eventually.TrueAsync(() => output.GetSnapshot().State is OutputState.Live);
        program.End(HubEnd.Interrupted);
        await AdvanceUntilAsync(() => output.GetSnapshot().State is OutputState.Retrying);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Resting_WaitsUntilTheServerHasBeenToldTheEnd()
    {
        var told = false;
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ScriptedRtmpServer.GrantUntilPublishAsync(peer);
            await ScriptedRtmpServer.GrantPublishAsync(peer);
            await peer.ReadCommandAsync("deleteStream");
            Volatile.Write(ref told, true);
        });
        var program = new HubProgram();
        await using var output = new Output(Destination(server.Port), OnAir, program, _services);
        await Eventually.TrueAsync(() => output.GetSnapshot().State is OutputState.Live);
        Assert.False(output.Resting.IsCompleted);
        program.End(HubEnd.Intended);
        output.SetOnAir(null, isNewBroadcast: false);
        await output.Resting.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        Assert.True(Volatile.Read(ref told));
        Assert.Equal((OutputState.Idle, OutputVerdict.Idle), (output.GetSnapshot().State, output.GetSnapshot().Verdict));

        output.SetOnAir(OnAir, isNewBroadcast: true);
        Assert.False(output.Resting.IsCompleted);
    }

    [Fact]
    public async Task ServerThatRefusesAgainAndAgain_IsLoggedOnceAMinute()
    {
        // Closes without a word, as nginx-rtmp refuses.
        await using var server = new ScriptedRtmpServer((peer, _) => peer.AcceptHandshakeAsync());
        await using var output = new Output(Destination(server.Port, retry: TimeSpan.FromSeconds(1)), OnAir, new HubProgram(), _services);
        await AdvanceUntilAsync(() => output.GetSnapshot().Attempts >= 10);
        Assert.True(_time.Elapsed < TimeSpan.FromSeconds(60));
        var first = Assert.Single(_log.Of(LogLevel.Warning));
        Assert.Contains("My platform", first, StringComparison.Ordinal);
        Assert.Contains("d1", first, StringComparison.Ordinal);

        await AdvanceUntilAsync(() => _log.Of(LogLevel.Warning).Count > 1);
        Assert.InRange(_time.Elapsed, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(90));
        Assert.Matches(@"\d\d times", _log.Of(LogLevel.Warning)[1]);
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains(Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Destination_ThatFailsComesAndIsSwitchedOff_TellsEachInWordsAndTheSameFailureOnceAMinute()
    {
        var refuses = true;
        await using var server = new ScriptedRtmpServer(async (peer, number) =>
        {
            if (!Volatile.Read(ref refuses))
                await GrantAndReadAsync(peer, number);
        });
        var program = new HubProgram();
        await using var output = new Output(Destination(server.Port), OnAir, program, _services);
        await AdvanceUntilAsync(() => output.GetSnapshot().Attempts >= 4);
        Volatile.Write(ref refuses, false);
        await AdvanceUntilAsync(() => output.GetSnapshot().State is OutputState.Live);
        output.SetDestination(Destination(server.Port) with { Enabled = false });
        await output.Resting.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        output.SetDestination(Destination(server.Port) with { Enabled = false, Name = "Another name" });

        Assert.Collection(
            program.Happened,
            happened => Assert.Equal(new EngineEvent.DestinationConnecting("d1", "My platform"), happened),
            happened =>
            {
                var retrying = Assert.IsType<EngineEvent.DestinationRetrying>(happened);
                Assert.NotEmpty(retrying.Reason);
                Assert.Equal(1, retrying.Attempt);
                Assert.DoesNotContain(Key, retrying.Reason, StringComparison.Ordinal);
            },
            happened => Assert.Equal(new EngineEvent.DestinationLive("d1", "My platform", 1), happened),
            happened => Assert.Equal(new EngineEvent.DestinationDisabled("d1", "My platform"), happened));
    }

    [Fact]
    public async Task Destination_ThatIsGivenUp_TellsWhyAndAfterHowManyAttempts()
    {
        await using var server = new ScriptedRtmpServer((_, _) => Task.CompletedTask);
        var program = new HubProgram();
        var destination = Destination(server.Port);
        await using var output = new Output(destination with { Settings = destination.Settings with { RetryLimit = 2 } }, OnAir, program, _services);
        await AdvanceUntilAsync(() => program.Happened.Any(happened => happened is EngineEvent.DestinationFailed));
        var failed = Assert.IsType<EngineEvent.DestinationFailed>(program.Happened.Last());
        Assert.Equal(2, failed.Attempts);
        Assert.NotEmpty(failed.Reason);
    }

    // The output sets its timers on a thread of its own, so time goes on for as long as it takes.
    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            return condition();
        },
        TimeSpan.FromSeconds(60));

    private static DestinationDefinition Destination(int port, TimeSpan? retry = null) => new()
    {
        Id = "d1",
        Name = "My platform",
        Url = $"rtmp://127.0.0.1:{port}/live",
        StreamKey = Key,
        Settings = new OutputSettings { RetryInitial = retry ?? TimeSpan.FromSeconds(1), RetryMaximum = retry ?? TimeSpan.FromSeconds(30) },
    };

    private static async Task GrantAndReadAsync(ScriptedRtmpPeer peer, int number)
    {
        await ScriptedRtmpServer.GrantUntilPublishAsync(peer);
        await ScriptedRtmpServer.GrantPublishAsync(peer);
        while (await peer.ReadAsync() is not null)
        {
        }
    }

    private static MediaPacket Configuration() => new()
    {
        Kind = MediaKind.Video,
        Content = PacketContent.Configuration,
        Codec = FourCc.Avc,
        Body = AvcTag.Configuration(new byte[40]),
        HeaderLength = 5,
    };

    /// <summary>A program that is nothing but its hub.</summary>
    private sealed class HubProgram : IOutputProgram
    {
        private readonly PacketHub _hub = new();
        private readonly Lock _gate = new();
        private int _subscriptions;

        public HubProgram() => _hub.Begin(OnAir);

        public bool IsOnAir { get; set; } = true;

        public int Subscriptions => Volatile.Read(ref _subscriptions);

        public TimeSpan CheckInterval => TimeSpan.FromSeconds(1);

        public ConcurrentQueue<EngineEvent> Happened { get; } = new();

        public void Tell(EngineEvent happened) => Happened.Enqueue(happened);

        public Task<bool> SubscribeAsync(IHubSubscriber subscriber)
        {
            Interlocked.Increment(ref _subscriptions);
            if (!IsOnAir)
                return Task.FromResult(false);
            lock (_gate)
            {
                _hub.Subscribe(subscriber);
                _hub.Add(new ProgramPacket(Keyframe(), MediaTime.Zero));
                _hub.Flush();
            }
            return Task.FromResult(true);
        }

        public Task UnsubscribeAsync(IHubSubscriber subscriber)
        {
            lock (_gate)
                _hub.Unsubscribe(subscriber);
            return Task.CompletedTask;
        }

        public void End(HubEnd end)
        {
            lock (_gate)
                _hub.End(end);
        }

        private static MediaPacket Keyframe() => new()
        {
            Kind = MediaKind.Video,
            Content = PacketContent.Frame,
            Codec = FourCc.Avc,
            IsKeyframe = true,
            Body = AvcTag.Frame(true, 0, new byte[100]),
            HeaderLength = 5,
        };
    }
}
