using System.Collections.Concurrent;
using System.Net.WebSockets;
using StreamManager.Engine.Channels;
using StreamManager.Server.Api;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Realtime;

/// <summary>
/// Tells all clients what happens: states when they change, events, metrics each second, drills, and which webhooks have delivered. Every frame is written once and shared. Two tasks: one looks four times a second, one hears events.
/// </summary>
internal sealed partial class RealtimeHub : IAsyncDisposable
{
    private readonly ApiServices _services;
    private readonly FailoverDrill _drills;
    private readonly WebhookDispatcher _webhooks;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<RealtimeClient, bool> _clients = new();
    private readonly EventSubscription _events;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _looking;
    private readonly Task _hearing;
    private volatile bool _isStopped;

    /// <summary>Starts both tasks.</summary>
    public RealtimeHub(ApiServices services, FailoverDrill drills, WebhookDispatcher webhooks, ILogger<RealtimeHub> logger)
    {
        _services = services;
        _drills = drills;
        _webhooks = webhooks;
        _logger = logger;
        _events = services.Events.Subscribe("websocket");
        RealtimeMetrics.Clients.Record(0);
        _looking = Task.Run(LookAsync);
        _hearing = Task.Run(HearAsync);
    }

    /// <summary>Takes part from now on. False: the server ends.</summary>
    public bool TryAdd(RealtimeClient client)
    {
        _clients[client] = true;
        RealtimeMetrics.Clients.Record(_clients.Count);
        if (!_isStopped)
            return true;
        Remove(client);
        return false;
    }

    /// <summary>Left.</summary>
    public void Remove(RealtimeClient client)
    {
        _clients.TryRemove(client, out _);
        RealtimeMetrics.Clients.Record(_clients.Count);
    }

    /// <summary>Sends the state of every channel to one who has just come.</summary>
    public void Greet(RealtimeClient client) => client.Send(_services.Channels.All.Select(channel => StatusFrame(channel.GetSnapshot(), client.Host)));

    /// <summary>Says farewell to everybody; those who do not answer are cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        _events.Dispose();
        await _stopping.CancelAsync();
        await _hearing;
        await _looking;
        foreach (var (client, _) in _clients)
            client.Close(WebSocketCloseStatus.EndpointUnavailable, "The server ends.", reason: null);
        var since = _services.Time.GetTimestamp();
        while (!_clients.IsEmpty && _services.Time.GetElapsedTime(since) < TimeSpan.FromSeconds(1))
            await Task.Delay(TimeSpan.FromMilliseconds(20), _services.Time);
        foreach (var (client, _) in _clients)
            client.CutOff("shutdown");
        _stopping.Dispose();
    }

    private async Task HearAsync()
    {
        await foreach (var happened in _events.Reader.ReadAllAsync())
            Tell(EventTypes.IsAudit(happened.Type) ? Permissions.Administer : Permissions.View, RealtimeFrame.Event(happened));
    }

    /// <summary>Sends a frame to all who may.</summary>
    private void Tell(Permissions needed, ReadOnlyMemory<byte> frame)
    {
        foreach (var (client, _) in _clients)
        {
            if (client.Caller is { } caller && caller.Permissions.HasFlag(needed))
                Send(client, frame);
        }
    }

    private async Task LookAsync()
    {
        var watch = new StatusWatch();
        var drills = new DrillWatch();
        var deliveries = new DeliveryWatch();
        using var timer = new PeriodicTimer(RealtimeLimits.StatusInterval, _services.Time);
        var rechecked = _services.Time.GetTimestamp();
        try
        {
            for (var look = 0; await timer.WaitForNextTickAsync(_stopping.Token); look++)
            {
                if (_clients.IsEmpty)
                    continue;
                try
                {
                    foreach (var (client, _) in _clients)
                        client.CheckTimes();
                    var isFullSecond = look % RealtimeLimits.LooksPerMetrics == 0;
                    Look(watch, withMetrics: isFullSecond);
                    foreach (var drill in drills.TakeChanged(_drills.All))
                        Tell(Permissions.View, RealtimeFrame.Make("drill", _services.Time.GetUtcNow(), drill.Channel, drill, ApiJson.Readable.DrillStatus));
                    if (isFullSecond && deliveries.TakeChanged(_webhooks.Changes) is { IsEmpty: false } changed)
                        Tell(Permissions.Manage, RealtimeFrame.Make("webhooks", _services.Time.GetUtcNow(), null, new RealtimeWebhooksDocument(changed), ApiJson.Readable.RealtimeWebhooksDocument));
                    if (_services.Time.GetElapsedTime(rechecked) >= RealtimeLimits.RecheckInterval)
                    {
                        rechecked = _services.Time.GetTimestamp();
                        await RecheckAsync();
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // A fault of ours costs one look.
                    LogFault(_logger, e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void Look(StatusWatch watch, bool withMetrics)
    {
        var snapshots = _services.Channels.All.Select(channel => channel.GetSnapshot()).ToArray();
        watch.Keep(snapshots.Select(snapshot => snapshot.Id).ToHashSet(StringComparer.Ordinal));
        foreach (var snapshot in snapshots)
        {
            if (watch.HasChanged(StatusMapper.Status(snapshot, "", _services.Keys)))
                TellStatus(snapshot);
        }

        if (!withMetrics)
            return;
        var metrics = new RealtimeMetricsDocument([.. snapshots.Select(ChannelMetricsDocument.Of)], _clients.Count);
        Tell(Permissions.View, RealtimeFrame.Make("metrics", _services.Time.GetUtcNow(), null, metrics, ApiJson.Readable.RealtimeMetricsDocument));
    }

    // Once for each name that clients reached us by: the address for encoders has it. There are one or two.
    private void TellStatus(ChannelSnapshot snapshot)
    {
        var frames = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (client, _) in _clients)
        {
            if (client.Caller is null)
                continue;
            if (!frames.TryGetValue(client.Host, out var frame))
                frames[client.Host] = frame = StatusFrame(snapshot, client.Host);
            Send(client, frame);
        }
    }

    private ReadOnlyMemory<byte> StatusFrame(ChannelSnapshot snapshot, string host) => RealtimeFrame.Make(
        "status", _services.Time.GetUtcNow(), snapshot.Id, StatusMapper.Status(snapshot, _services.IngestUrl(host), _services.Keys), ApiJson.Readable.StatusDocument);

    private static void Send(RealtimeClient client, ReadOnlyMemory<byte> frame)
    {
        RealtimeMetrics.Frames.Add(1);
        client.Send(frame);
    }

    private async Task RecheckAsync()
    {
        foreach (var (client, _) in _clients)
        {
            try
            {
                await client.CheckCallerAsync(_stopping.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A fault of ours with one is no reason not to ask about the others.
                LogFault(_logger, e);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Error, "An internal fault while WebSocket clients were told the state.")]
    private static partial void LogFault(ILogger logger, Exception exception);
}
