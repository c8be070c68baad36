using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Rtmp.Tests.Server;

/// <summary>A server on a manual clock, a host that grants the key "good", and scripted peers over memory.</summary>
internal sealed class ServerHarness : IDisposable
{
    private readonly TestMeterFactory _meters = new();
    private int _connections;

    public ServerHarness(RtmpServerLimits? limits = null, RtmpServerOptions? options = null)
    {
        Counters = new CounterReader(_meters);
        Server = new RtmpServer(
            Host, options ?? new RtmpServerOptions(), limits ?? new RtmpServerLimits(), RtmpWireLimits.Default, Time, NullLogger<RtmpServer>.Instance, _meters);
    }

    public ManualTimeProvider Time { get; } = new();

    public TestHost Host { get; } = new();

    public CounterReader Counters { get; }

    public RtmpServer Server { get; }

    public (ScriptedRtmpPeer Peer, Task<RtmpEndReason> Session) Open(string remoteAddress = "192.0.2.1", Action? abort = null)
    {
        var (ours, theirs) = DuplexPipe.CreatePair();
        var id = $"c{Interlocked.Increment(ref _connections)}";
        return (new ScriptedRtmpPeer(theirs), Task.Run(() => Server.RunSessionAsync(ours, id, remoteAddress, abort)).WaitAsync(Eventually.DefaultTimeout));
    }

    /// <summary>Lets time pass in steps of a tick until the task is done: what it waits for may be set up between two steps.</summary>
    public async Task<T> AdvanceUntilDoneAsync<T>(Task<T> task)
    {
        await Eventually.TrueAsync(() =>
        {
            if (!task.IsCompleted)
                Time.Advance(RtmpServer.TickInterval);
            return task.IsCompleted;
        });
        return await task;
    }

    public void Dispose()
    {
        Server.Dispose();
        Counters.Dispose();
        _meters.Dispose();
    }
}

/// <summary>A host at the true edge of the server: keeps what it is asked and given.</summary>
internal sealed class TestHost : IRtmpServerHandler
{
    public ConcurrentQueue<RtmpStreamRequest> PublishRequests { get; } = new();

    public ConcurrentQueue<RtmpStreamRequest> PlayRequests { get; } = new();

    public ConcurrentQueue<TestSink> Sinks { get; } = new();

    /// <summary>Makes the sink of a granted publish.</summary>
    public Func<TestSink> NewSink { get; set; } = () => new TestSink();

    public Func<RtmpStreamRequest, RtmpPublishDecision>? DecidePublish { get; set; }

    public Func<RtmpStreamRequest, RtmpPlayDecision> DecidePlay { get; set; } = _ => new RtmpPlayDecision.Refused(RtmpStatusCodes.PlayStreamNotFound, "No such stream.");

    /// <summary>Decides about connects; null: everybody may.</summary>
    public Func<RtmpConnectRequest, CancellationToken, ValueTask<string?>>? DecideConnect { get; set; }

    public ConcurrentQueue<string> ClosedConnections { get; } = new();

    public ValueTask<string?> AuthorizeConnectAsync(RtmpConnectRequest request, CancellationToken cancellationToken) => DecideConnect?.Invoke(request, cancellationToken) ?? default;

    public void Closed(string connectionId) => ClosedConnections.Enqueue(connectionId);

    public ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        PublishRequests.Enqueue(request);
        return ValueTask.FromResult(DecidePublish is { } decide ? decide(request) : request.StreamName == "good" ? Grant() : WrongKey());
    }

    public ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        PlayRequests.Enqueue(request);
        return ValueTask.FromResult(DecidePlay(request));
    }

    public RtmpPublishDecision Grant()
    {
        var sink = NewSink();
        Sinks.Enqueue(sink);
        return new RtmpPublishDecision.Granted(sink);
    }

    private static RtmpPublishDecision.Refused WrongKey() => new(RtmpStatusCodes.PublishBadName, "The stream key is not valid.");
}

internal class TestSink : IRtmpPublishSink
{
    public ConcurrentQueue<RtmpMessage> Messages { get; } = new();

    public ConcurrentQueue<RtmpPublishEnd> Ends { get; } = new();

    public virtual ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken)
    {
        Messages.Enqueue(message);
        return ValueTask.CompletedTask;
    }

    public ValueTask EndAsync(RtmpPublishEnd end)
    {
        Ends.Enqueue(end);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Collects the counters of one factory's meters, by instrument and tag value.</summary>
internal sealed class CounterReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _counts = new();

    public CounterReader(IMeterFactory factory)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, factory))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            _counts.AddOrUpdate(tags.Length == 0 ? instrument.Name : $"{instrument.Name}:{tags[0].Value}", value, (_, sum) => sum + value));
        _listener.Start();
    }

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Dispose() => _listener.Dispose();
}

/// <summary>Makes meters that a reader can tell from those of tests running beside.</summary>
internal sealed class TestMeterFactory : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(new MeterOptions(options.Name) { Scope = this });

    public void Dispose()
    {
    }
}
