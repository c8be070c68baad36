using StreamManager.Rtmp.Server;

namespace StreamManager.Engine.Sources;

/// <summary>Who publishes.</summary>
/// <param name="ConnectionId">Id of the connection, unique on the server.</param>
/// <param name="RemoteAddress">The publisher's address without port.</param>
/// <param name="Encoder">The encoder's name for itself; may be empty.</param>
/// <param name="Kick">Closes the connection; the argument is for the log.</param>
public sealed record SourceOrigin(string ConnectionId, string RemoteAddress, string Encoder, Action<string> Kick);

/// <summary>Answer to a publisher that wants to be a source.</summary>
public abstract record SourceAdmission
{
    private SourceAdmission()
    {
    }

    /// <summary>Media goes to <paramref name="Sink"/>.</summary>
    public sealed record Granted(IRtmpPublishSink Sink) : SourceAdmission;

    /// <summary>Somebody else publishes to this source already.</summary>
    public sealed record Busy : SourceAdmission;

    /// <summary>The channel has no such source.</summary>
    public sealed record Unknown : SourceAdmission;
}
