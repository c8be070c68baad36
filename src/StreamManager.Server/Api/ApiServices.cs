using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Keys;
using StreamManager.Server.Library;

namespace StreamManager.Server.Api;

/// <summary>What the routes work with.</summary>
internal sealed class ApiServices(
    ChannelDirectory channels, ChannelCatalog catalog, DestinationCatalog destinations, StreamKeyRing keys, ConnectionRegistry connections,
    MediaLibrary library, EventBus events, Func<BoundPorts> ports, TimeProvider time)
{
    /// <summary>The channels as they run.</summary>
    public ChannelDirectory Channels { get; } = channels;

    /// <summary>The channels as they are set.</summary>
    public ChannelCatalog Catalog { get; } = catalog;

    /// <summary>The destinations.</summary>
    public DestinationCatalog Destinations { get; } = destinations;

    /// <summary>The publish keys.</summary>
    public StreamKeyRing Keys { get; } = keys;

    /// <summary>Who publishes and watches.</summary>
    public ConnectionRegistry Connections { get; } = connections;

    /// <summary>Pictures and videos that users uploaded.</summary>
    public MediaLibrary Library { get; } = library;

    /// <summary>Where it is told what was changed.</summary>
    public EventBus Events { get; } = events;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>The address for encoders, on the host that the caller reached us by; empty: this machine.</summary>
    public string IngestUrl(string host) => $"rtmp://{(host.Length > 0 ? host : "localhost")}:{ports().Rtmp}/live";
}
