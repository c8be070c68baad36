using System.Collections.Immutable;
using System.Text.Json.Serialization;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>What users said about a channel.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Settings">What they said.</param>
/// <param name="CreatedAt">When it was made through the API; null: the configuration made it.</param>
internal sealed record SavedChannel(string ChannelId, ChannelSettings Settings, DateTimeOffset? CreatedAt);

/// <summary>Keeps channels and their settings. No state of its own; every change is durable when a call returns. Throws like <see cref="IStateStore"/>.</summary>
internal sealed class ChannelRecords(IStateStore store)
{
    private readonly DocumentSet<ChannelEntry> _documents = new(store, "channel", ChannelJson.Default.ChannelEntry);

    /// <summary>All of them; those made through the API oldest first.</summary>
    public async Task<ImmutableArray<SavedChannel>> LoadAsync(CancellationToken cancellationToken) =>
    [
        .. (await _documents.ListAsync(cancellationToken))
            .Select(document => new SavedChannel(document.Id, document.Value.Settings, document.Value.CreatedAt))
            .OrderBy(channel => channel.CreatedAt ?? DateTimeOffset.MinValue).ThenBy(channel => channel.ChannelId, StringComparer.Ordinal),
    ];

    /// <summary>Adds, or replaces the one with the same id.</summary>
    public async Task SaveAsync(SavedChannel channel) =>
        await _documents.PutAsync(channel.ChannelId, new ChannelEntry(channel.Settings, channel.CreatedAt), null, CancellationToken.None);

    /// <summary>The write that forgets a channel, together with what belongs to it.</summary>
    public StateWrite Remove(string channelId) => _documents.Remove(channelId);
}

/// <summary>One channel in the store.</summary>
internal sealed record ChannelEntry(ChannelSettings Settings, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] DateTimeOffset? CreatedAt);

/// <summary>How channels are stored: words for enumerations, since their numbers mean nothing to a reader.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ChannelEntry))]
internal sealed partial class ChannelJson : JsonSerializerContext;
