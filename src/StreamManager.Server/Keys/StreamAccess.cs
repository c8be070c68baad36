using System.Net;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Keys;

/// <summary>
/// Who may publish and play by what they bring along: a key, a name, or a signed address. Puts keys, signatures and bans together, and runs their upkeep. The owner of all of them.
/// </summary>
internal sealed partial class StreamAccess : IAsyncDisposable
{
    /// <summary>How late a count in the store or a change of another server may be.</summary>
    private static readonly TimeSpan UpkeepInterval = TimeSpan.FromSeconds(2);

    /// <summary>At the end the last counts are written, if the store takes them by then.</summary>
    private static readonly TimeSpan LastWriteTimeout = TimeSpan.FromSeconds(2);

    private readonly TrustedProxies _proxies;
    private readonly bool _localPlayNeedsToken;
    private readonly EventBus _events;
    private readonly TimeProvider _time;
    private readonly ILogger<StreamAccess> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _upkeep;

    /// <summary>Opens keys and signatures, and starts their upkeep.</summary>
    /// <exception cref="StartupException">Something in the store cannot be read, or the store cannot be used.</exception>
    public static async Task<StreamAccess> OpenAsync(
        IStateStore store,
        Vault vault,
        ServerOptions options,
        IReadOnlyCollection<ChannelOptions> channels,
        ConnectionRegistry connections,
        EventBus events,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        try
        {
            var keys = await StreamKeyRing.OpenAsync(
                store, vault, channels, options.AliasesOnPublicAddresses, connections, events, time, loggers.CreateLogger<StreamKeyRing>(), cancellationToken);
            var signed = await SignedUrls.OpenAsync(store, vault, time, loggers.CreateLogger<SignedUrls>(), cancellationToken);
            return new StreamAccess(keys, signed, options, events, time, loggers.CreateLogger<StreamAccess>());
        }
        catch (Exception e) when (e is StoreUnavailableException or DamagedDocumentException)
        {
            throw new StartupException(e.Message, e);
        }
    }

    /// <summary>Takes over both, and starts their upkeep.</summary>
    public StreamAccess(StreamKeyRing keys, SignedUrls signed, ServerOptions options, EventBus events, TimeProvider time, ILogger<StreamAccess> logger)
    {
        Keys = keys;
        Signed = signed;
        Attempts = new KeyAttempts(time);
        _proxies = options.TrustedProxies;
        _localPlayNeedsToken = options.LocalPlayNeedsToken;
        _events = events;
        _time = time;
        _logger = logger;
        _upkeep = RunUpkeepAsync();
    }

    /// <summary>The keys.</summary>
    public StreamKeyRing Keys { get; }

    /// <summary>The signatures.</summary>
    public SignedUrls Signed { get; }

    /// <summary>Who tries keys.</summary>
    public KeyAttempts Attempts { get; }

    /// <summary>May somebody publish as <paramref name="streamName"/> with <paramref name="query"/>? A signed token in the query counts alone; without one the name is the key.</summary>
    public async ValueTask<KeyVerdict> CheckPublishAsync(string streamName, string query, string remoteAddress)
    {
        var verdict = await JudgePublishAsync(streamName, query, remoteAddress, Attempts.IsBanned(remoteAddress));
        if (verdict is KeyVerdict.Unknown or KeyVerdict.AliasNotAllowedHere)
            CountGuess(remoteAddress);
        return verdict;
    }

    /// <summary>
    /// Does what <see cref="CheckPublishAsync"/> has granted still hold? For whoever had to wait since then. A name that stands for another key by now is not known. What does not hold any more
    /// is no guess.
    /// </summary>
    public async ValueTask<KeyVerdict> CheckPublishAgainAsync(KeyVerdict.Granted granted, string streamName, string query, string remoteAddress)
    {
        var verdict = await JudgePublishAsync(streamName, query, remoteAddress, isBanned: false);
        return verdict is KeyVerdict.Granted && verdict != granted ? KeyVerdict.Unknown.Instance : verdict;
    }

    /// <summary>May who comes from there play everything without a token? A player on this machine may, unless it may be a stranger that a proxy on this machine let in.</summary>
    public bool MayPlayWithoutToken(string remoteAddress) => !_localPlayNeedsToken && Addresses.IsLoopback(remoteAddress) && !_proxies.Contains(remoteAddress);

    /// <summary>May somebody play the stream <paramref name="name"/> (<c>channel</c> or <c>channel/source</c>)? Null: there is no signed token in the query.</summary>
    public KeyVerdict? CheckPlay(string name, string query, string remoteAddress) =>
        TokensIn(query).FirstOrDefault(SignedUrls.IsToken) is { } token ? Signed.Verify(token, SignedAction.Play, name, Parse(remoteAddress), _time.GetUtcNow()) : null;

    /// <summary>The values of <c>token=</c> in a query.</summary>
    public static IEnumerable<string> TokensIn(string query) => query
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Where(part => part.StartsWith("token=", StringComparison.Ordinal))
        .Select(part => Uri.UnescapeDataString(part["token=".Length..]));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _upkeep;
        using var limit = new CancellationTokenSource(LastWriteTimeout, _time);
        await Keys.Usage.FlushAsync(limit.Token);
        Keys.Dispose();
        Signed.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<KeyVerdict> JudgePublishAsync(string streamName, string query, string remoteAddress, bool isBanned)
    {
        var address = Parse(remoteAddress);
        var now = _time.GetUtcNow();
        return TokensIn(query).FirstOrDefault(SignedUrls.IsToken) is { } token
            ? Signed.Verify(token, SignedAction.Publish, streamName, address, now)
            : await Keys.ValidateAsync(streamName, address, isBanned, now);
    }

    /// <summary>Null: unknown. A proxy that did not say for whom it asks is as good as unknown.</summary>
    private IPAddress? Parse(string address) => IPAddress.TryParse(address, out var parsed) && !_proxies.Contains(parsed) ? parsed : null;

    private void CountGuess(string address)
    {
        // Behind a proxy that did not say for whom it asks everybody has its address.
        if (_proxies.Contains(address) || !Attempts.RecordFailure(address))
            return;
        LogBanned(_logger, address, KeyAttempts.BanLength.TotalMinutes);
        var now = _time.GetUtcNow();
        _events.Publish(KeyEvents.AddressBanned(now, address, now + KeyAttempts.BanLength));
    }

    private async Task RunUpkeepAsync()
    {
        using var timer = new PeriodicTimer(UpkeepInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await Keys.UpkeepAsync(_stop.Token);
                    await Signed.UpkeepAsync(_stop.Token);
                    Attempts.Report();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogFault(_logger, e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Address} tried too many stream keys; names are not looked at from there for {Minutes} minutes.")]
    private static partial void LogBanned(ILogger logger, string address, double minutes);

    [LoggerMessage(2, LogLevel.Error, "The upkeep of the stream keys failed; it goes on.")]
    private static partial void LogFault(ILogger logger, Exception exception);
}
