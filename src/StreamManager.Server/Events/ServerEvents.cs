using System.Collections.Immutable;
using System.Text.Json.Nodes;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Events;

/// <summary>What the server itself does.</summary>
internal static class ServerEvents
{
    private static readonly EventType StartedType = new("server.started", "version");
    private static readonly EventType StoppingType = new("server.stopping");
    private static readonly EventType ConfigurationChangedType = new("server.configurationChanged", "changes", "needsRestart");
    private static readonly EventType ConfigurationRefusedType = new("server.configurationRefused", "errors");
    private static readonly EventType JournalGapType = new("server.journalGap", "lost", "from", "until");

    private static readonly EventType StoreDamagedType = new("server.storeDamaged", "kind", "document");

    private static readonly EventType LeaseLostType = new("server.leaseLost", "host", "instance", "since");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [StartedType, StoppingType, ConfigurationChangedType, ConfigurationRefusedType, JournalGapType, StoreDamagedType, LeaseLostType];

    /// <summary>Everything runs.</summary>
    public static ServerEvent Started(DateTimeOffset time, string version) => StartedType.At(time, null, null, version);

    /// <summary>A stop was asked for.</summary>
    public static ServerEvent Stopping(DateTimeOffset time) => StoppingType.At(time, null, null);

    /// <summary>A changed configuration file holds now.</summary>
    public static ServerEvent ConfigurationChanged(DateTimeOffset time, string? actor, string changes, IEnumerable<string> needsRestart) =>
        ConfigurationChangedType.At(time, null, actor, changes, Texts(needsRestart));

    /// <summary>A changed configuration file has mistakes; the settings stay.</summary>
    public static ServerEvent ConfigurationRefused(DateTimeOffset time, string? actor, IEnumerable<string> errors) => ConfigurationRefusedType.At(time, null, actor, Texts(errors));

    /// <summary>So many events between these times are missing in the journal: the store was away for longer than events could wait.</summary>
    public static ServerEvent JournalGap(DateTimeOffset time, long lost, DateTimeOffset from, DateTimeOffset until) =>
        JournalGapType.At(time, null, null, lost, EventType.Word(from), EventType.Word(until));

    /// <summary>A document in the store cannot be read, and the server goes on without it.</summary>
    public static ServerEvent StoreDamaged(DateTimeOffset time, string kind, string id) => StoreDamagedType.At(time, null, null, kind, id);

    /// <summary>Another server has taken over the database that this one put on air.</summary>
    public static ServerEvent LeaseLost(DateTimeOffset time, LeaseHolder other) => LeaseLostType.At(time, null, null, other.Host, other.Instance, EventType.Word(other.Since));

    private static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(text => JsonValue.Create(text))];
}
