using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;
using StreamManager.Server.Options;

namespace StreamManager.Server.Configuration;

/// <summary>Which changed settings hold from the next start only: all but the channels.</summary>
internal static class RestartSettings
{
    /// <summary>What the settings are called in the file, where that differs from the property.</summary>
    private static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        [nameof(ServerOptions.CoalescingTime)] = "coalescing_ms",
        [nameof(RtmpOptions.ChunkSize)] = "rtmp_chunk_size",
        [nameof(RtmpOptions.PingInterval)] = "rtmp_ping_interval",
        [nameof(RtmpOptions.PingTimeout)] = "rtmp_ping_timeout",
        [nameof(RtmpOptions.GopCache)] = "gop_cache",
        [nameof(RtmpOptions.MaximumConnections)] = "rtmp_max_connections",
        [nameof(RtmpOptions.MaximumConnectionsPerAddress)] = "rtmp_max_connections_per_address",
        [nameof(MediaOptions.LibraryLimit)] = "media_library_limit",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of those that differ, in the order of the alphabet.</summary>
    public static ImmutableArray<string> Between(ServerOptions running, ServerOptions wanted) =>
    [
        .. Differences(running with { Settings = wanted.Settings, Channels = wanted.Channels, Rtmp = wanted.Rtmp, Media = wanted.Media }, wanted)
            .Concat(Differences(running.Rtmp, wanted.Rtmp))
            .Concat(Differences(running.Media, wanted.Media))
            .Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Differences<T>(T running, T wanted)
        where T : class => typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.CanWrite && !Equals(property.GetValue(running), property.GetValue(wanted)))
        .Select(property => Names.GetValueOrDefault(property.Name) ?? SnakeCase(property.Name));

    private static string SnakeCase(string name) => string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
