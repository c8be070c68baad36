using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Engine.Channels;

namespace StreamManager.Server.Storage;

/// <content>The engine's records of what is on air.</content>
internal sealed partial class StateStore : IBroadcastStore
{
    /// <inheritdoc/>
    public BroadcastRecord? Load(string channelId)
    {
        if (!_file.Current.Broadcasts.TryGetValue(channelId, out var element))
            return null;
        try
        {
            return element.Deserialize(BroadcastJson.Default.BroadcastRecord);
        }
        catch (JsonException)
        {
            // Another version's record: the channel starts as if it had been off air, which the next publish mends.
            return null;
        }
    }

    /// <inheritdoc/>
    public void Save(string channelId, BroadcastRecord record) => _file.Update(document => document with
    {
        Broadcasts = document.Broadcasts.SetItem(channelId, JsonSerializer.SerializeToElement(record, BroadcastJson.Default.BroadcastRecord)),
    });
}

/// <summary>How the engine's records are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BroadcastRecord))]
internal sealed partial class BroadcastJson : JsonSerializerContext;
