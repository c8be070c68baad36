using System.Security.Cryptography;
using System.Text.Json;
using StreamManager.Server.Api;

namespace StreamManager.Server.Realtime;

/// <summary>
/// Finds out whether a channel's status has changed for a person: numbers that move all the time (rates, counters, times) are left out of the comparison, since metrics tell them. One caller.
/// </summary>
internal sealed class StatusWatch
{
    private readonly Dictionary<string, byte[]> _last = new(StringComparer.Ordinal);

    /// <summary>True: it is another than at the last look, or was never looked at.</summary>
    public bool HasChanged(StatusDocument status)
    {
        var digest = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(Still(status), ApiJson.Readable.StatusDocument));
        if (_last.TryGetValue(status.Channel, out var last) && last.AsSpan().SequenceEqual(digest))
            return false;
        _last[status.Channel] = digest;
        return true;
    }

    /// <summary>Forgets the channels that are not there any more.</summary>
    public void Keep(IReadOnlySet<string> channels)
    {
        foreach (var gone in _last.Keys.Where(id => !channels.Contains(id)).ToArray())
            _last.Remove(gone);
    }

    private static StatusDocument Still(StatusDocument status) => status with
    {
        UptimeSeconds = 0,
        Source = Still(status.Source),
        Sources = [.. status.Sources.Select(Still)],
        Program = status.Program with { TimeMs = 0, BitrateKbps = 0, Fps = 0, SecondsOnFallback = 0, LargestVideoGapMs = 0, LargestAudioGapMs = 0 },
        Destinations =
        [
            .. status.Destinations.Select(destination => destination with
            {
                UptimeSeconds = 0,
                BitrateKbps = 0,
                Fps = 0,
                FramesSent = 0,
                FramesDropped = 0,
                BytesSent = 0,
                QueueMs = 0,
                UnackedBytes = 0,
                RoundTripMs = 0,
            }),
        ],
    };

    private static SourceDocument Still(SourceDocument source) => source with
    {
        // Made of an age at each look, so that it moves by fractions.
        ConnectedAt = null,
        Video = source.Video is { } video ? video with { Fps = 0, BitrateKbps = 0, KeyframeIntervalSeconds = 0 } : null,
        Audio = source.Audio is { } audio ? audio with { BitrateKbps = 0 } : null,
    };
}
