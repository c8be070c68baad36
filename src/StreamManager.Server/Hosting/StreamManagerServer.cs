using StreamManager.Engine;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Files;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Channels;
using StreamManager.Server.Configuration;
using StreamManager.Server.Dashboard;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Library;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Options;
using StreamManager.Server.Realtime;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Hosting;

/// <summary>
/// The running server: state, channels, ports. Made by <see cref="StartAsync"/>, ended by <see cref="DisposeAsync"/>. There is no container: the parts are few, and who owns whom
/// stands here.
/// </summary>
internal sealed partial class StreamManagerServer : IAsyncDisposable
{
    /// <summary>An orderly end takes no longer: farewells to destinations are bounded at 3 s, a service manager kills after 10 s or more.</summary>
    private static readonly TimeSpan ChannelStopTimeout = TimeSpan.FromSeconds(6);

    /// <summary>Then open requests and sessions are cut.</summary>
    private static readonly TimeSpan PortStopTimeout = TimeSpan.FromSeconds(2);

    private readonly Stack<object> _owned = new();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ServerLifetime _lifetime;
    private EventBus? _events;
    private RealtimeHub? _realtime;
    private WebApplication? _application;
    private StreamAccess? _access;
    private ChannelDirectory? _channels;
    private ConfigurationReloader? _configuration;
    private RtmpServer? _rtmp;
    private Ports? _ports;
    private AccountParts? _accounts;
    private int _isDisposed;

    private StreamManagerServer(ILoggerFactory loggers, TimeProvider time)
    {
        _logger = loggers.CreateLogger<StreamManagerServer>();
        _time = time;
        _lifetime = new ServerLifetime(time);
    }

    /// <summary>The ports as they were bound.</summary>
    public BoundPorts BoundPorts => _ports!.Bound;

    /// <summary>The token of the set-up link; null: the set-up is done.</summary>
    public Secret? SetupToken { get; private set; }

    /// <summary>How far it is in its life.</summary>
    public ServerLifetime Lifetime => _lifetime;

    /// <summary>Users, sessions, tokens.</summary>
    public AccountParts Accounts => _accounts!;

    /// <summary>The publish keys.</summary>
    public StreamKeyRing Keys => _access!.Keys;

    /// <summary>Tells what happens.</summary>
    public EventBus Events => _events!;

    /// <summary>Every route.</summary>
    public IEnumerable<RouteEndpoint> Routes => ((IEndpointRouteBuilder)_application!).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    /// <summary>Is the dashboard there? A server that was built without it answers the API alone.</summary>
    public bool HasDashboard { get; private set; }

    /// <summary>Is it the first start with this data directory?</summary>
    public bool IsFirstStart { get; private set; }

    /// <summary>Starts everything, or nothing.</summary>
    /// <param name="options">The configuration as it is now.</param>
    /// <param name="load">Reads it again when its file has changed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartupException">It cannot start; the message says why and what to do.</exception>
    public static async Task<StreamManagerServer> StartAsync(
        ServerOptions options, Func<OptionsResult> load, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var server = new StreamManagerServer(loggers, time);
        try
        {
            await server.RunAsync(options, load, time, loggers, cancellationToken);
            return server;
        }
        catch (Exception e) when (e is StoreUnavailableException or DamagedDocumentException)
        {
            await server.DisposeAsync();
            throw new StartupException(e.Message, e);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the configuration again, soon.</summary>
    public void RequestReload() => _configuration?.Request();

    /// <summary>Ends every broadcast for good, before a <see cref="DisposeAsync"/> that is not followed by a start which should go on.</summary>
    public async Task EndBroadcastsAsync()
    {
        if (_channels is { } channels)
            await WithinAsync(channels.EndBroadcastsAsync(CancellationToken.None), ChannelStopTimeout);
    }

    /// <summary>
    /// The orderly end: no new work, destinations are told that the stream is over, then publishers, players and requests are closed. Bounded in time.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        if (_lifetime.IsReady)
            _events?.Publish(ServerEvents.Stopping(_time.GetUtcNow()));
        _lifetime.MarkStopping();
        if (_channels is { } channels && !await WithinAsync(channels.DisposeAsync().AsTask(), ChannelStopTimeout))
            LogSlowStop(_logger);
        _rtmp?.Stop();
        if (_realtime is { } realtime)
            await realtime.DisposeAsync();
        if (_application is { } application)
        {
            using var limit = new CancellationTokenSource(PortStopTimeout, _time);
            try
            {
                await application.StopAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                // Whoever did not leave in time is cut off by the disposal below.
            }

            await application.DisposeAsync();
        }

        while (_owned.TryPop(out var part))
        {
            try
            {
                if (part is IAsyncDisposable asynchronous)
                    await asynchronous.DisposeAsync();
                else
                    ((IDisposable)part).Dispose();
            }
            catch (Exception e)
            {
                // What is below still has to be written and closed, the store above all.
                LogPartFailed(_logger, part.GetType().Name, e);
            }
        }
    }

    private async Task<bool> WithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task RunAsync(ServerOptions options, Func<OptionsResult> load, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var log = new LogTail(time);
        loggers.AddProvider(log);
        var state = OwnAsync(await ServerState.OpenAsync(options, time, loggers, cancellationToken));
        var store = state.Store;
        var events = _events = new EventBus();

        // SQLite needs none: its data directory is locked.
        var lease = options.Redis is null ? null : OwnAsync(await DatabaseLease.TakeAsync(
            store, LeaseHolder.Of(state.Directory, time.GetUtcNow()), options.TakesOver, events, time, loggers.CreateLogger<DatabaseLease>(), cancellationToken));
        var vault = Own(await Vault.OpenAsync(store, options.EncryptionKey, options.DataDirectory, time, cancellationToken));
        IsFirstStart = vault.IsNew;
        store.Keep(vault.Anchor);
        OwnAsync(new JournalWriter(
            state.Journal, events, new JournalRetention(TimeSpan.FromDays(options.EventRetentionDays), options.EventRetentionEntries), time, loggers.CreateLogger<JournalWriter>()));
        _accounts = OwnAsync(new AccountParts(store, options.AdminToken, events, time, loggers));
        await _accounts.Directory.GetAsync(cancellationToken);
        SetupToken = await _accounts.Users.MakeLinkAsync(cancellationToken);
        store.Keep(_accounts.Anchor);
        await store.HoldAsync(cancellationToken);
        if (ExecutablePath.Find(options.FfmpegPath) is null)
            LogNoFfmpeg(_logger, options.FfmpegPath);
        var connections = new ConnectionRegistry();
        var broadcasts = OwnAsync(await BroadcastRecords.LoadAsync(store, time, loggers.CreateLogger<BroadcastRecords>(), cancellationToken));
        var history = OwnAsync(await BroadcastHistory.LoadAsync(store, time, loggers.CreateLogger<BroadcastHistory>(), cancellationToken));
        var engine = Own(new EngineServices(
            time,
            loggers,
            new EngineOptions
            {
                DataDirectory = options.DataDirectory,
                FfmpegPath = options.FfmpegPath,
                CoalescingTime = options.CoalescingTime,
                KeepsGroup = options.Rtmp.GopCache,
            },
            broadcasts,
            new EngineEventWriter(events, history, time)));
        _channels = new ChannelDirectory(engine, broadcasts);
        var mediaFolder = Path.Combine(options.DataDirectory, "media");
        var inspector = Own(new FileInspector(new FfmpegOptions { Ffmpeg = options.FfmpegPath, WorkDirectory = Path.Combine(options.DataDirectory, "cache", "work") }, time));
        if (!FileInspector.CanLimit)
            LogNoPrlimit(_logger);
        var library = OwnAsync(await MediaLibrary.OpenAsync(
            mediaFolder, options.Media, new MediaRecords(store), new MediaProbe(inspector), events, time, loggers.CreateLogger<MediaLibrary>(), cancellationToken));
        var catalog = Own(await ChannelCatalog.LoadAsync(options.Channels, _channels, new ChannelRecords(store), mediaFolder, time, cancellationToken));
        var destinations = Own(await DestinationCatalog.LoadAsync(options.Channels, _channels, new DestinationRecords(store, vault), time, cancellationToken));
        OwnAsync(new ChosenDestinations(destinations, events, loggers.CreateLogger<ChosenDestinations>()));
        _access = OwnAsync(await StreamAccess.OpenAsync(store, vault, options, catalog.KeyedChannels, connections, events, time, loggers, cancellationToken));
        var webhooks = OwnAsync(await WebhookParts.StartAsync(
            store, state.Journal, vault, events, new OutboundHttpSettings { AllowPrivateAddresses = options.WebhookAllowPrivateAddresses }, time, loggers, cancellationToken));
        var meters = Own(new MeterCollector());
        var policy = new ConnectionPolicy(time, loggers.CreateLogger<ConnectionPolicy>());
        policy.Set(webhooks.DecideAsync, failsOpen: false);
        var watch = new ConnectionWatch(events, policy, time);
        _rtmp = Own(MakeRtmpServer(
            options.Rtmp, new RtmpServerHandler(_channels, _access, _accounts.Authenticator, connections, watch, time, loggers.CreateLogger<RtmpServerHandler>()), time, loggers));

        var connectionHandler = new RtmpConnectionHandler(
            _rtmp, new ConnectionLimiter(options.Rtmp.MaximumConnections, options.Rtmp.MaximumConnectionsPerAddress), loggers.CreateLogger<RtmpConnectionHandler>());
        _ports = new Ports(options, connectionHandler);
        _application = _ports.Build(loggers);

        ForwardedRequests.Use(_application, options.TrustedProxies);
        var gate = new ApiGate(_accounts.Authenticator, _access, _lifetime, loggers.CreateLogger<ApiGate>());
        if (options.Telemetry is { } telemetry)
        {
            Own(new Telemetry(telemetry, () => [.. _channels.All.Select(channel => channel.GetSnapshot())]));
            _application.Use(next => context => RequestTraces.InvokeAsync(context, next));
        }

        _application.UseWebSockets();
        _application.Use(next => context => gate.GuardAsync(context, next));
        var dashboard = DashboardFiles.Load(options.DashboardDirectory);
        HasDashboard = dashboard is not null;
        var pages = new DashboardPages(dashboard);
        _application.Use(next => context => pages.InvokeAsync(context, next));
        _application.UseRouting();
        _application.Use(next => context => gate.AdmitAsync(context, next));
        var idempotency = new Idempotency(store, vault, time);
        _application.Use(next => context => idempotency.HandleAsync(context, next));
        var services = new ApiServices(_channels, catalog, destinations, _access.Keys, connections, library, events, () => _ports.Bound, time);
        new ChannelRoutes(services).Map(_application);
        new DestinationRoutes(services, new ConnectionTester(time, loggers.CreateLogger<ConnectionTester>())).Map(_application);
        new SimulcastRoutes(services).Map(_application);
        new KeyRoutes(services, _access, events).Map(_application);
        _configuration = OwnAsync(new ConfigurationReloader(
            options, load, new ConfigurationTargets(_channels, catalog, destinations, _access.Keys), events, time, loggers.CreateLogger<ConfigurationReloader>()));
        new ConfigurationRoutes(_configuration, catalog).Map(_application);
        var uploadPlaces = new UploadPlaces();
        new MediaRoutes(services, new UploadReceiver(library, uploadPlaces, events, time, loggers.CreateLogger<UploadReceiver>())).Map(_application);
        new UploadRoutes(OwnAsync(ResumableUploads.Open(library, uploadPlaces, events, time, loggers.CreateLogger<ResumableUploads>())), time).Map(_application);
        new StreamRoutes(services).Map(_application);
        var drills = OwnAsync(new FailoverDrill(_channels, time, loggers));
        _realtime = new RealtimeHub(services, drills, webhooks.Dispatcher, loggers.CreateLogger<RealtimeHub>());
        new RealtimeEndpoint(_realtime, new RealtimeCommands(services), _accounts, time, loggers.CreateLogger<RealtimeEndpoint>()).Map(_application);
        new HistoryRoutes(services, OwnAsync(new RecentFigures(() => _channels.All.Select(channel => channel.GetSnapshot()), time, loggers.CreateLogger<RecentFigures>()))).Map(_application);
        new PreviewRoutes(services, watch).Map(_application);
        var hlsLimiter = new ConnectionLimiter(options.Rtmp.MaximumConnections, options.Rtmp.MaximumConnectionsPerAddress);
        new HlsRoutes(services, watch, OwnAsync(new HlsViewers(connections, watch, hlsLimiter, time, loggers.CreateLogger<HlsViewers>()))).Map(_application);
        new DrillRoutes(services, drills).Map(_application);
        new BroadcastRoutes(history, events, time).Map(_application);
        new EventRoutes(new JournalReader(state.Journal)).Map(_application);
        new WebhookRoutes(webhooks, _channels, events, time).Map(_application);
        SetupPage.Map(_application);
        new SetupRoutes(_accounts).Map(_application);
        new AccountRoutes(_accounts).Map(_application);
        new TokenRoutes(_accounts, time).Map(_application);
        new UserRoutes(_accounts, _time).Map(_application);
        new UserLinkRoutes(_accounts).Map(_application);
        new HealthRoutes(new HealthChecks(
            _lifetime,
            live: [new HealthCheck("loops", new LoopWatch(() => _channels.All, time).FindProblemAsync)],
            ready:
            [
                ReadinessChecks.Store(store),
                ReadinessChecks.Lease(() => lease?.Other),
                ReadinessChecks.Ports(() => _ports.Bound, time),
                ReadinessChecks.Ffmpeg(options.FfmpegPath),
                ReadinessChecks.Disk(options.DataDirectory),
                ReadinessChecks.Programs(() => _channels.All.Select(channel => channel.GetSnapshot())),
            ],
            time)).Map(_application);
        new SystemRoutes(options, store, () => _ports.Bound, _lifetime, log, time).Map(_application);
        new OpenApiRoutes(_application.Services).Map(_application);
        new MetricsPage(_channels, connections, meters, _lifetime).Map(_application);

        await _ports.StartAsync(_application, cancellationToken);
        await _channels.RunStartModesAsync(cancellationToken);
        history.Start(id => _channels.Find(id)?.GetSnapshot());
        _lifetime.MarkStarted();
        events.Publish(ServerEvents.Started(time.GetUtcNow(), ProductVersion.Text));
    }

    private static RtmpServer MakeRtmpServer(RtmpOptions options, IRtmpServerHandler handler, TimeProvider time, ILoggerFactory loggers) => new(
        handler,
        new RtmpServerOptions { OutgoingChunkSize = options.ChunkSize, PingInterval = options.PingInterval },
        new RtmpServerLimits { PlayerSilenceTimeout = options.PingTimeout },
        new RtmpWireLimits(),
        time,
        loggers.CreateLogger<RtmpServer>());

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Push(part);
        return part;
    }

    private T OwnAsync<T>(T part)
        where T : IAsyncDisposable
    {
        _owned.Push(part);
        return part;
    }

    [LoggerMessage(1, LogLevel.Warning, "A channel did not end in time; its destinations may not have got a farewell.")]
    private static partial void LogSlowStop(ILogger logger);

    [LoggerMessage(4, LogLevel.Error, "An internal fault at the end of {Part}; the others are ended all the same.")]
    private static partial void LogPartFailed(ILogger logger, string part, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "There is no program {Program}: the fallback will be the last picture, and a source that comes back with another format cannot be made to fit. Install ffmpeg, or set FFMPEG_PATH.")]
    private static partial void LogNoFfmpeg(ILogger logger, string program);

    [LoggerMessage(3, LogLevel.Warning, "There is no program prlimit: uploads are checked without the kernel's limits on memory and processor time; only the time limit holds. Install util-linux.")]
    private static partial void LogNoPrlimit(ILogger logger);
}
