using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Everything about accounts, put together, and the loop that writes last uses. Made at start, ended by <see cref="DisposeAsync"/> before the store.</summary>
internal sealed partial class AccountParts : IAsyncDisposable
{
    /// <summary>How often last uses are written.</summary>
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMinutes(1);

    /// <summary>At the end they get so long: they are of less worth than a quick end.</summary>
    private static readonly TimeSpan LastFlushTime = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly PasswordHashing _passwords = new();
    private readonly CredentialCache<SessionRecord> _sessionCache;
    private readonly CredentialCache<TokenRecord> _tokenCache;
    private readonly UseRecorder<SessionRecord> _sessionUses;
    private readonly UseRecorder<TokenRecord> _tokenUses;
    private readonly Task _flushing;

    /// <summary>Puts them together over <paramref name="store"/>.</summary>
    /// <param name="store">Where accounts are kept.</param>
    /// <param name="adminToken">An owner's token from the environment; null: none.</param>
    /// <param name="events">Hears of every change.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">For the log.</param>
    public AccountParts(IStateStore store, Secret? adminToken, EventBus events, TimeProvider time, ILoggerFactory loggers)
    {
        _time = time;
        _logger = loggers.CreateLogger<AccountParts>();
        var documents = new AccountDocuments(store);
        var reports = new DamageReports(events, time, loggers.CreateLogger<DamageReports>());
        _sessionCache = new CredentialCache<SessionRecord>(store, documents.Sessions, time);
        _tokenCache = new CredentialCache<TokenRecord>(store, documents.Tokens, time);
        _sessionUses = new UseRecorder<SessionRecord>(documents.Sessions, SessionBook.Used);
        _tokenUses = new UseRecorder<TokenRecord>(documents.Tokens, TokenBook.Used);
        Anchor = new AccountAnchor(documents).Anchor;
        Directory = new UserDirectory(store, documents.Users, reports, time);
        Users = new UserBook(store, documents, Directory, _passwords, events, time);
        Sessions = new SessionBook(store, documents, _sessionCache, _sessionUses, reports, events, time);
        Tokens = new TokenBook(documents, _tokenCache, _tokenUses, events, time);
        Desk = new LoginDesk(Directory, Users, documents, Sessions, _passwords, events, time);
        Authenticator = new Authenticator(adminToken is null ? null : new TokenDigest(adminToken.Value), Directory, Sessions, Tokens, time);
        _flushing = FlushRegularlyAsync();
    }

    /// <summary>The users, as they are.</summary>
    public UserDirectory Directory { get; }

    /// <summary>What of it must be in the store while the server runs.</summary>
    public StoreAnchor Anchor { get; }

    /// <summary>Changes of users, and the set-up.</summary>
    public UserBook Users { get; }

    /// <summary>Sessions.</summary>
    public SessionBook Sessions { get; }

    /// <summary>Tokens.</summary>
    public TokenBook Tokens { get; }

    /// <summary>Logins.</summary>
    public LoginDesk Desk { get; }

    /// <summary>Who sends a request.</summary>
    public Authenticator Authenticator { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _flushing;
        using (var limit = new CancellationTokenSource(LastFlushTime, _time))
            await FlushAsync(limit.Token);
        _sessionCache.Dispose();
        _tokenCache.Dispose();
        Directory.Dispose();
        Users.Dispose();
        Tokens.Dispose();
        _passwords.Dispose();
        _ending.Dispose();
    }

    /// <summary>Writes the last uses that wait.</summary>
    internal async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _tokenUses.FlushAsync(cancellationToken);
            await _sessionUses.FlushAsync(cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            LogNotWritten(_logger, e.Message);
        }
        catch (OperationCanceledException)
        {
            // The server ends; a last use less.
        }
    }

    private async Task FlushRegularlyAsync()
    {
        using var timer = new PeriodicTimer(FlushInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
                await FlushAsync(_ending.Token);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "Last uses of tokens and sessions could not be written and wait: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string reason);
}
