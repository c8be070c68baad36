using StreamManager.Engine.Channels;
using StreamManager.Server.Api;

namespace StreamManager.Server.Realtime;

/// <summary>Each second: the numbers that move all the time.</summary>
/// <param name="Channels">Every channel.</param>
/// <param name="Clients">WebSocket clients now.</param>
internal sealed record RealtimeMetricsDocument(IReadOnlyList<ChannelMetricsDocument> Channels, int Clients);

/// <summary>The numbers of a channel.</summary>
internal sealed record ChannelMetricsDocument(
    string Channel,
    string State,
    long UptimeSeconds,
    int Viewers,
    ProgramDocument Program,
    IReadOnlyList<SourceMetricsDocument> Sources,
    IReadOnlyList<DestinationMetricsDocument> Destinations)
{
    /// <summary>Those of a snapshot.</summary>
    public static ChannelMetricsDocument Of(ChannelSnapshot channel) => new(
        channel.Id,
        StatusMapper.Word(channel.State),
        (long)channel.Uptime.TotalSeconds,
        channel.Viewers,
        StatusMapper.Program(channel),
        [.. channel.Sources.Select(SourceMetricsDocument.Of)],
        [.. channel.Outputs.Select(StatusMapper.Destination).Select(DestinationMetricsDocument.Of)]);
}

/// <summary>The numbers of a source.</summary>
internal sealed record SourceMetricsDocument(string Id, string State, double Fps, int VideoBitrateKbps, int AudioBitrateKbps, double KeyframeIntervalSeconds)
{
    /// <summary>Those of a snapshot.</summary>
    public static SourceMetricsDocument Of(SourceSnapshot source) => new(
        source.Id, StatusMapper.Word(source.State), source.FramesPerSecond, source.VideoBitrateKbps, source.AudioBitrateKbps, source.KeyframeIntervalSeconds);
}

/// <summary>The numbers of a destination.</summary>
internal sealed record DestinationMetricsDocument(
    string Id, string State, string Verdict, long UptimeSeconds, int BitrateKbps, double Fps, long FramesSent, long FramesDropped, long BytesSent, long QueueMs, long UnackedBytes, double RoundTripMs)
{
    /// <summary>Those of a status.</summary>
    public static DestinationMetricsDocument Of(DestinationStatusDocument status) => new(
        status.Id,
        status.State,
        status.Verdict,
        status.UptimeSeconds,
        status.BitrateKbps,
        status.Fps,
        status.FramesSent,
        status.FramesDropped,
        status.BytesSent,
        status.QueueMs,
        status.UnackedBytes,
        status.RoundTripMs);
}

/// <summary>Which webhooks have something new in their log of deliveries: whoever shows it reads it again.</summary>
/// <param name="Webhooks">Their ids.</param>
internal sealed record RealtimeWebhooksDocument(IReadOnlyList<string> Webhooks);
