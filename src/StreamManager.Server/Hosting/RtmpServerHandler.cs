using StreamManager.Engine.Sources;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Keys;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Hosting;

/// <summary>
/// Decides who may publish and play: a publisher by its key, whatever the app, or by a signed address; a player by a token or a signed address in the query, or by being on this machine.
/// </summary>
internal sealed partial class RtmpServerHandler(
    ChannelDirectory channels,
    StreamAccess access,
    Authenticator authenticator,
    ConnectionRegistry connections,
    ConnectionWatch watch,
    TimeProvider time,
    ILogger<RtmpServerHandler> logger) : IRtmpServerHandler
{
    /// <summary>Longest name of an encoder that is shown.</summary>
    private const int ClientLength = 128;

    /// <summary>Ids of connections that came by TLS begin with this, see <see cref="RtmpConnectionHandler"/>.</summary>
    public const string TlsIdPrefix = "rtmps-";

    /// <inheritdoc/>
    public ValueTask<string?> AuthorizeConnectAsync(RtmpConnectRequest request, CancellationToken cancellationToken) =>
        watch.ConnectAsync(request.ConnectionId, ProtocolOf(request.ConnectionId), request.RemoteAddress, cancellationToken);

    /// <inheritdoc/>
    public void Closed(string connectionId) => watch.Disconnected(connectionId);

    /// <inheritdoc/>
    public async ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        var verdict = await access.CheckPublishAsync(request.StreamName, request.Query, request.RemoteAddress);
        if (verdict is not KeyVerdict.Granted key)
        {
            LogKeyRefused(logger, request.ConnectionId, request.RemoteAddress, Reason(verdict));
            return Refusal(verdict);
        }

        var target = key.Target;
        if (channels.Find(target.ChannelId) is not { } channel)
            return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "The channel of this key is not there any more.") { KeyWasGood = true };
        if (await watch.BeginStreamAsync(request.ConnectionId, ConnectionType.Publisher, target.ChannelId, target.SourceId, cancellationToken) is { } refusal)
        {
            LogDenied(logger, request.ConnectionId, request.RemoteAddress, target.ChannelId);
            return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", refusal) { KeyWasGood = true };
        }

        // A webhook may have taken seconds to decide.
        if (await CheckAgainAsync(key, request) is { } taken)
        {
            LogKeyRefused(logger, request.ConnectionId, request.RemoteAddress, Reason(taken));
            return Refusal(taken) with { KeyWasGood = true };
        }

        var client = Clean(request.FlashVersion);
        var admission = await channel.AttachSourceAsync(target.SourceId, new SourceOrigin(request.ConnectionId, request.RemoteAddress, client, request.Kick));
        switch (admission)
        {
            case SourceAdmission.Granted granted:
                LogPublishing(logger, request.ConnectionId, request.RemoteAddress, target.ChannelId, target.SourceId);
                connections.Add(Connection(request, StreamRole.Publisher, target.ChannelId, target.SourceId, client) with { Key = key.Hash, KeyId = key.KeyId });
                if (key.Hash is { } hash)
                    access.Keys.RecordUse(hash, time.GetUtcNow());

                // Taken away between the last check and the entry into the registry, where a change that kicks would have found it. One that comes from here on does.
                if (IsRevoked(key) || await CheckAgainAsync(key, request) is not (null or KeyVerdict.StoreAway))
                    request.Kick("its key was taken away");
                watch.StreamBegan(request.ConnectionId);
                return new RtmpPublishDecision.Granted(new RegisteredSink(granted.Sink, request.ConnectionId, connections, watch));
            case SourceAdmission.Busy:
                LogBusy(logger, request.ConnectionId, request.RemoteAddress, target.ChannelId, target.SourceId);
                return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", $"Another encoder is publishing to the source {target.ChannelId}/{target.SourceId} already. Stop that encoder first, or disconnect it in the dashboard.") { KeyWasGood = true };
            default:
                return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "The source of this key is not there any more.") { KeyWasGood = true };
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        if (!access.MayPlayWithoutToken(request.RemoteAddress) && !await HasTokenAsync(request.Query, cancellationToken)
            && access.CheckPlay(request.StreamName, request.Query, request.RemoteAddress) is not KeyVerdict.Granted)
        {
            LogPlayRefused(logger, request.ConnectionId, request.RemoteAddress);
            return new RtmpPlayDecision.Refused("NetStream.Play.Failed", "Playing needs ?token= with a valid token.");
        }

        var slash = request.StreamName.IndexOf('/', StringComparison.Ordinal);
        var channelId = slash < 0 ? request.StreamName : request.StreamName[..slash];
        var sourceId = slash < 0 ? null : request.StreamName[(slash + 1)..];
        if (channels.Find(channelId) is not { } channel || !await channel.IsThereAsync(sourceId))
            return NothingToPlay;
        if (await watch.BeginStreamAsync(request.ConnectionId, ConnectionType.Player, channelId, sourceId, cancellationToken) is { } refusal)
        {
            LogDenied(logger, request.ConnectionId, request.RemoteAddress, channelId);
            return new RtmpPlayDecision.Refused("NetStream.Play.Failed", refusal) { MayPlay = true };
        }

        if (await channel.OpenPlayFeedAsync(sourceId) is not { } feed)
            return NothingToPlay;
        connections.Add(Connection(request, StreamRole.Player, channelId, sourceId, Clean(request.FlashVersion)));
        watch.StreamBegan(request.ConnectionId);
        return new RtmpPlayDecision.Granted(new RegisteredFeed(feed, request.ConnectionId, connections, watch));
    }

    private static RtmpPlayDecision.Refused NothingToPlay { get; } =
        new("NetStream.Play.StreamNotFound", "There is no such channel or source, or it is off air.") { MayPlay = true };

    /// <summary>What a peer calls itself, fit to be shown: printable, and not long.</summary>
    internal static string Clean(string text)
    {
        var visible = text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(ClientLength).ToArray();
        return new string(visible).Trim();
    }

    /// <summary>Why what was granted does not hold any more; null: it does.</summary>
    private async ValueTask<KeyVerdict?> CheckAgainAsync(KeyVerdict.Granted key, RtmpStreamRequest request)
    {
        var verdict = await access.CheckPublishAgainAsync(key, request.StreamName, request.Query, request.RemoteAddress);
        return verdict is KeyVerdict.Granted ? null : verdict;
    }

    private bool IsRevoked(KeyVerdict.Granted key) => key.Hash is { } hash && access.Keys.WasRevoked(hash);

    private async ValueTask<bool> HasTokenAsync(string query, CancellationToken cancellationToken)
    {
        const string name = "token=";
        var token = query.Split('&').FirstOrDefault(part => part.StartsWith(name, StringComparison.Ordinal));
        try
        {
            return token is not null
                && await authenticator.FindAsync(Uri.UnescapeDataString(token[name.Length..]), cancellationToken) is { } caller
                && caller.Permissions.HasFlag(Permissions.View);
        }
        catch (Exception e) when (e is StoreUnavailableException or DamagedDocumentException)
        {
            // Not known from memory, and nobody to ask, or an answer that cannot be read.
            return false;
        }
    }

    /// <summary>What a publisher is told. Only who has the right key learns more than that it was refused.</summary>
    private static RtmpPublishDecision.Refused Refusal(KeyVerdict verdict) => verdict switch
    {
        KeyVerdict.Expired => Refused("This stream key has expired, or was replaced by another one.", keyWasGood: true),
        KeyVerdict.AddressNotAllowed => Refused("This stream key is not allowed from your address.", keyWasGood: true),
        KeyVerdict.WrongKind => Refused("This signed address is for something else than publishing to this stream.", keyWasGood: true),
        KeyVerdict.AliasNotAllowedHere => Refused("The stream key is not known here. Short names work from the server's own network only; use the whole key.", keyWasGood: false),
        KeyVerdict.Banned => Refused("Too many wrong stream keys came from your address. Use the whole key instead of a name, or wait a quarter of an hour.", keyWasGood: false) with { WasNotChecked = true },
        KeyVerdict.StoreAway => Refused("The server cannot check stream keys at the moment. Try again soon.", keyWasGood: false) with { WasNotChecked = true },
        _ => Refused("The stream key is not known here.", keyWasGood: false),
    };

    private static RtmpPublishDecision.Refused Refused(string description, bool keyWasGood) => new("NetStream.Publish.BadName", description) { KeyWasGood = keyWasGood };

    /// <summary>The same for the log.</summary>
    private static string Reason(KeyVerdict verdict) => verdict switch
    {
        KeyVerdict.Expired { KeyId: { } id } => $"key {id} has expired",
        KeyVerdict.Expired => "the signed address has expired",
        KeyVerdict.AddressNotAllowed { KeyId: { } id } => $"key {id} is not allowed from there",
        KeyVerdict.AddressNotAllowed => "the signed address is not allowed from there",
        KeyVerdict.WrongKind => "the signed address is for something else",
        KeyVerdict.AliasNotAllowedHere => "names do not work from public addresses (aliases_on_public_addresses)",
        KeyVerdict.Banned => "the address is banned for a while",
        KeyVerdict.StoreAway away => $"the store is away: {away.Reason}",
        _ => "unknown key",
    };

    private static string ProtocolOf(string connectionId) => connectionId.StartsWith(TlsIdPrefix, StringComparison.Ordinal) ? "rtmps" : "rtmp";

    private StreamConnection Connection(RtmpStreamRequest request, StreamRole role, string channelId, string? sourceId, string client) => new(
        request.ConnectionId,
        role,
        ProtocolOf(request.ConnectionId),
        channelId,
        sourceId,
        request.RemoteAddress,
        client,
        time.GetUtcNow(),
        request.Kick);

    [LoggerMessage(1, LogLevel.Warning, "{Connection} from {Address} wants to publish; refused: {Reason}.")]
    private static partial void LogKeyRefused(ILogger logger, string connection, string address, string reason);

    [LoggerMessage(2, LogLevel.Information, "{Connection} from {Address} publishes to {Channel}/{Source}.")]
    private static partial void LogPublishing(ILogger logger, string connection, string address, string channel, string source);

    [LoggerMessage(3, LogLevel.Warning, "{Connection} from {Address} wants to publish to {Channel}/{Source}, where somebody publishes already; refused.")]
    private static partial void LogBusy(ILogger logger, string connection, string address, string channel, string source);

    [LoggerMessage(4, LogLevel.Warning, "{Connection} from {Address} wants to play without a token; refused.")]
    private static partial void LogPlayRefused(ILogger logger, string connection, string address);

    [LoggerMessage(5, LogLevel.Warning, "{Connection} from {Address} was denied a stream of {Channel} by a webhook.")]
    private static partial void LogDenied(ILogger logger, string connection, string address, string channel);

    /// <summary>Keeps the registry true: a publish is in it until its end.</summary>
    private sealed class RegisteredSink(IRtmpPublishSink inner, string id, ConnectionRegistry connections, ConnectionWatch watch) : IRtmpPublishSink
    {
        public ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken) => inner.WriteAsync(message, cancellationToken);

        public async ValueTask EndAsync(RtmpPublishEnd end)
        {
            connections.Remove(id);
            await inner.EndAsync(end);
            watch.StreamEnded(id);
        }
    }

    /// <summary>The same for a player.</summary>
    private sealed class RegisteredFeed(IRtmpPlayFeed inner, string id, ConnectionRegistry connections, ConnectionWatch watch) : IRtmpPlayFeed
    {
        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => inner.WaitToReadAsync(cancellationToken);

        public bool TryRead(out RtmpMessage message) => inner.TryRead(out message);

        public async ValueTask DisposeAsync()
        {
            connections.Remove(id);
            await inner.DisposeAsync();
            watch.StreamEnded(id);
        }
    }
}
