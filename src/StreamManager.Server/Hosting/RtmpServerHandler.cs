using StreamManager.Engine.Sources;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;
using StreamManager.Server.Channels;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Hosting;

/// <summary>
/// Decides who may publish and play: a publisher by its key, whatever the app; a player by a token in the query, or by being on this machine.
/// </summary>
internal sealed partial class RtmpServerHandler(
    ChannelDirectory channels, IngestKeyRing keys, Authenticator authenticator, ConnectionRegistry connections, TimeProvider time, ILogger<RtmpServerHandler> logger) : IRtmpServerHandler
{
    /// <summary>Longest name of an encoder that is shown.</summary>
    private const int ClientLength = 128;

    /// <summary>Ids of connections that came by TLS begin with this, see <see cref="RtmpConnectionHandler"/>.</summary>
    public const string TlsIdPrefix = "rtmps-";

    /// <inheritdoc/>
    public async ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        if (keys.Find(request.StreamName) is not { } target || channels.Find(target.ChannelId) is not { } channel)
        {
            LogWrongKey(logger, request.ConnectionId, request.RemoteAddress);
            return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "The stream key is not known here.");
        }

        var client = Clean(request.FlashVersion);
        var admission = await channel.AttachSourceAsync(target.SourceId, new SourceOrigin(request.ConnectionId, request.RemoteAddress, client, request.Kick));
        switch (admission)
        {
            case SourceAdmission.Granted granted:
                LogPublishing(logger, request.ConnectionId, request.RemoteAddress, target.ChannelId, target.SourceId);
                connections.Add(Connection(request, StreamRole.Publisher, target.ChannelId, target.SourceId, client));
                return new RtmpPublishDecision.Granted(new RegisteredSink(granted.Sink, request.ConnectionId, connections));
            case SourceAdmission.Busy:
                LogBusy(logger, request.ConnectionId, request.RemoteAddress, target.ChannelId, target.SourceId);
                return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "Somebody publishes with this key already. Stop that encoder first, or kick it.") { KeyWasGood = true };
            default:
                return new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "The source of this key is not there any more.") { KeyWasGood = true };
        }
    }

    /// <inheritdoc/>
    public async ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        if (!Addresses.IsLoopback(request.RemoteAddress) && !await HasTokenAsync(request.Query, cancellationToken))
        {
            LogPlayRefused(logger, request.ConnectionId, request.RemoteAddress);
            return new RtmpPlayDecision.Refused("NetStream.Play.Failed", "Playing from another machine needs ?token= with a valid token.");
        }

        var slash = request.StreamName.IndexOf('/', StringComparison.Ordinal);
        var channelId = slash < 0 ? request.StreamName : request.StreamName[..slash];
        var sourceId = slash < 0 ? null : request.StreamName[(slash + 1)..];
        if (channels.Find(channelId) is not { } channel || await channel.OpenPlayFeedAsync(sourceId) is not { } feed)
            return new RtmpPlayDecision.Refused("NetStream.Play.StreamNotFound", "There is no such channel or source, or it is off air.") { MayPlay = true };
        connections.Add(Connection(request, StreamRole.Player, channelId, sourceId, Clean(request.FlashVersion)));
        return new RtmpPlayDecision.Granted(new RegisteredFeed(feed, request.ConnectionId, connections));
    }

    /// <summary>What a peer calls itself, fit to be shown: printable, and not long.</summary>
    internal static string Clean(string text)
    {
        var visible = text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(ClientLength).ToArray();
        return new string(visible).Trim();
    }

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
        catch (StoreUnavailableException)
        {
            // Not known from memory, and nobody to ask.
            return false;
        }
    }

    private StreamConnection Connection(RtmpStreamRequest request, StreamRole role, string channelId, string? sourceId, string client) => new(
        request.ConnectionId,
        role,
        request.ConnectionId.StartsWith(TlsIdPrefix, StringComparison.Ordinal) ? "rtmps" : "rtmp",
        channelId,
        sourceId,
        request.RemoteAddress,
        client,
        time.GetUtcNow(),
        request.Kick);

    [LoggerMessage(1, LogLevel.Warning, "{Connection} from {Address} wants to publish with an unknown key; refused.")]
    private static partial void LogWrongKey(ILogger logger, string connection, string address);

    [LoggerMessage(2, LogLevel.Information, "{Connection} from {Address} publishes to {Channel}/{Source}.")]
    private static partial void LogPublishing(ILogger logger, string connection, string address, string channel, string source);

    [LoggerMessage(3, LogLevel.Warning, "{Connection} from {Address} wants to publish to {Channel}/{Source}, where somebody publishes already; refused.")]
    private static partial void LogBusy(ILogger logger, string connection, string address, string channel, string source);

    [LoggerMessage(4, LogLevel.Warning, "{Connection} from {Address} wants to play without a token; refused.")]
    private static partial void LogPlayRefused(ILogger logger, string connection, string address);

    /// <summary>Keeps the registry true: a publish is in it until its end.</summary>
    private sealed class RegisteredSink(IRtmpPublishSink inner, string id, ConnectionRegistry connections) : IRtmpPublishSink
    {
        public ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken) => inner.WriteAsync(message, cancellationToken);

        public ValueTask EndAsync(RtmpPublishEnd end)
        {
            connections.Remove(id);
            return inner.EndAsync(end);
        }
    }

    /// <summary>The same for a player.</summary>
    private sealed class RegisteredFeed(IRtmpPlayFeed inner, string id, ConnectionRegistry connections) : IRtmpPlayFeed
    {
        public ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken) => inner.WaitToReadAsync(cancellationToken);

        public bool TryRead(out RtmpMessage message) => inner.TryRead(out message);

        public ValueTask DisposeAsync()
        {
            connections.Remove(id);
            return inner.DisposeAsync();
        }
    }
}
