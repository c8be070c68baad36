using System.Diagnostics.Metrics;

namespace StreamManager.Server.Realtime;

/// <summary>Counters of the WebSocket: the meter <c>StreamManager.Realtime</c>.</summary>
internal static class RealtimeMetrics
{
    private static readonly Meter Meter = new("StreamManager.Realtime");

    /// <summary>Clients now.</summary>
    public static readonly Gauge<long> Clients = Meter.CreateGauge<long>("websocket_clients", description: "WebSocket clients connected now.");

    /// <summary>Connections that the server ended, by reason.</summary>
    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>("websocket_dropped_total", description: "WebSocket connections that the server ended or refused, by reason.");

    /// <summary>Frames sent.</summary>
    public static readonly Counter<long> Frames = Meter.CreateCounter<long>("websocket_frames_total", description: "Frames handed to WebSocket clients.");

    /// <summary>Tag of a reason: a closed set of words.</summary>
    public static KeyValuePair<string, object?> Reason(string word) => new("reason", word);
}
