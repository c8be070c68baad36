namespace StreamManager.Server.Hosting;

/// <summary>What is served on a port.</summary>
internal enum ListenerRole
{
    /// <summary>API, previews and health.</summary>
    Api = 1,

    /// <summary>Metrics.</summary>
    Metrics = 2,

    /// <summary>Health alone.</summary>
    Health = 3,

    /// <summary>The WebSocket alone.</summary>
    WebSocket = 4,
}

/// <summary>Marks a connection with the port's role; a request finds it among its features.</summary>
internal sealed record ListenerFeature(ListenerRole Role);

/// <summary>The ports as they were bound.</summary>
/// <param name="Api">API.</param>
/// <param name="Metrics">Metrics.</param>
/// <param name="Health">Health.</param>
/// <param name="Rtmp">RTMP.</param>
/// <param name="Rtmps">RTMPS; null: off.</param>
/// <param name="WebSocket">The WebSocket alone.</param>
internal sealed record BoundPorts(int Api, int Metrics, int Health, int Rtmp, int? Rtmps, int WebSocket);
