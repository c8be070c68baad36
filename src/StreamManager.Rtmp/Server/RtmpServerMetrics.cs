using System.Diagnostics.Metrics;

namespace StreamManager.Rtmp.Server;

/// <summary>Counters of all sessions of a server. Tags are closed sets; none comes from a peer.</summary>
internal sealed class RtmpServerMetrics : IDisposable
{
    public const string MeterName = "StreamManager.Rtmp";

    private readonly Meter _meter;
    private readonly Counter<long> _connections;
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _publishes;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _bytes;

    public RtmpServerMetrics(IMeterFactory? factory)
    {
        _meter = factory?.Create(MeterName) ?? new Meter(MeterName);
        _connections = _meter.CreateCounter<long>("rtmp_connections_total", description: "Connections accepted by the RTMP server.");
        _attempts = _meter.CreateCounter<long>("rtmp_connection_attempts_total", description: "Connections by how far they came: accepted (connect answered) or failed.");
        _publishes = _meter.CreateCounter<long>("rtmp_publish_attempts_total", description: "Publish commands by outcome: granted or refused.");
        _errors = _meter.CreateCounter<long>("rtmp_errors_total", description: "Sessions that ended otherwise than meant, by reason.");
        _bytes = _meter.CreateCounter<long>("rtmp_bandwidth_bytes", unit: "By", description: "Bytes received (in) and sent (out) by RTMP sessions.");
    }

    public void Connected() => _connections.Add(1);

    public void ConnectionAttempt(bool accepted) => _attempts.Add(1, new KeyValuePair<string, object?>("status", accepted ? "accepted" : "failed"));

    public void PublishAttempt(bool granted) => _publishes.Add(1, new KeyValuePair<string, object?>("status", granted ? "granted" : "refused"));

    public void Error(RtmpEndReason reason) => _errors.Add(1, new KeyValuePair<string, object?>("reason", reason.Tag()));

    public void BytesIn(long count) => _bytes.Add(count, new KeyValuePair<string, object?>("direction", "in"));

    public void BytesOut(long count) => _bytes.Add(count, new KeyValuePair<string, object?>("direction", "out"));

    public void Dispose() => _meter.Dispose();
}
