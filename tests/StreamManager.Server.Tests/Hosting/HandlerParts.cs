using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Keys;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Real channels, keys and state, without ports.</summary>
internal sealed class HandlerParts : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private ServerState _state = null!;
    private Vault _vault = null!;
    private BroadcastRecords _broadcasts = null!;
    private EngineServices _engine = null!;

    public ConnectionRegistry Connections { get; } = new();

    public EventBus Events { get; } = new();

    public ConnectionPolicy Policy { get; } = new(TimeProvider.System, NullLogger<ConnectionPolicy>.Instance);

    public ConnectionWatch Watch => field ??= new ConnectionWatch(Events, Policy, TimeProvider.System);

    public ChannelDirectory Channels { get; private set; } = null!;

    public AccountParts Accounts { get; private set; } = null!;

    public StreamAccess Access { get; private set; } = null!;

    /// <summary>What keys and signatures are read through.</summary>
    public CutOffStore Line { get; private set; } = null!;

    public RtmpServerHandler Handler { get; private set; } = null!;

    public static async Task<HandlerParts> MakeAsync(string token, ChannelOptions options, ServerOptions? server = null)
    {
        var parts = new HandlerParts();
        parts._state = await TestStore.OpenAsync(parts._folder);
        parts._vault = await Vault.OpenAsync(parts._state.Store, null, parts._folder.Path, TimeProvider.System, CancellationToken.None);
        parts._broadcasts = await BroadcastRecords.LoadAsync(parts._state.Store, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        parts._engine = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = parts._folder.Path }, parts._broadcasts);
        parts.Channels = new ChannelDirectory(parts._engine);
        parts.Channels.Add(options.Definition);
        parts.Line = new CutOffStore(parts._state.Store);
        parts.Access = await StreamAccess.OpenAsync(
            parts.Line, parts._vault, server ?? new ServerOptions(), [options], parts.Connections, new EventBus(), TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        parts.Accounts = new AccountParts(parts._state.Store, new Secret(token), new EventBus(), TimeProvider.System, NullLoggerFactory.Instance);
        parts.Handler = new RtmpServerHandler(
            parts.Channels, parts.Access, parts.Accounts.Authenticator, parts.Connections, parts.Watch, TimeProvider.System, NullLogger<RtmpServerHandler>.Instance);
        return parts;
    }

    public async ValueTask DisposeAsync()
    {
        await Channels.DisposeAsync();
        _engine.Dispose();
        await _broadcasts.DisposeAsync();
        await Accounts.DisposeAsync();
        await Access.DisposeAsync();
        _vault.Dispose();
        await _state.DisposeAsync();
        _folder.Dispose();
    }
}
