using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace StreamManager.Server.Events;

/// <summary>A type of event with the names of its fields: what <c>docs/operations/events.md</c> promises. Immutable.</summary>
internal sealed class EventType(string name, params string[] fields)
{
    /// <summary>Its name: the family, a dot, what happened.</summary>
    public string Name { get; } = name;

    /// <summary>The fields of its data, in their order.</summary>
    public ImmutableArray<string> Fields { get; } = [.. fields];

    /// <summary>An event of this type; a value for each field, null where there is none.</summary>
    /// <exception cref="ArgumentException">There are more or fewer values than fields.</exception>
    public ServerEvent At(DateTimeOffset time, string? channelId, string? actor, params ReadOnlySpan<JsonNode?> values)
    {
        if (values.Length != Fields.Length)
            throw new ArgumentException($"{Name} has {Fields.Length} fields.", nameof(values));
        var data = new JsonObject();
        for (var i = 0; i < values.Length; i++)
            data[Fields[i]] = values[i];
        return new ServerEvent(ServerEvent.NewId(), Name, time, channelId, actor, data);
    }

    /// <summary>The word of a value of an enumeration, in camelCase.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    /// <summary>A time as events have it: RFC 3339 in UTC with milliseconds.</summary>
    public static string Word(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Seconds with milliseconds.</summary>
    public static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}
