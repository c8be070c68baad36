using System.Collections.Immutable;
using System.Text.Json.Serialization;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>A destination that was added through the API, with the channel it belongs to.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Definition">What holds.</param>
/// <param name="CreatedAt">When it was added; lists are in this order.</param>
internal sealed record SavedDestination(string ChannelId, DestinationDefinition Definition, DateTimeOffset CreatedAt);

/// <summary>What the API changed about a destination of the configuration; null: as configured.</summary>
internal sealed record DestinationOverride(string Id, bool? Enabled, string? StreamKey)
{
    /// <inheritdoc/>
    public override string ToString() => $"override of destination {Id}";
}

/// <summary>Keeps what users did to destinations, secrets sealed. No state of its own; every change is durable when a call returns. Throws like <see cref="IStateStore"/>.</summary>
/// <remarks>A change that has begun is not given up, or nobody would know whether it was made: the store's own limits end it.</remarks>
internal sealed class DestinationRecords(IStateStore store, Vault vault)
{
    private readonly DocumentSet<DestinationEntry> _destinations = new(store, "destination", DestinationJson.Default.DestinationEntry);
    private readonly DocumentSet<OverrideEntry> _overrides = new(store, "destination-override", DestinationJson.Default.OverrideEntry);
    private readonly DocumentSet<ChosenEntry> _chosen = new(store, "broadcast-destinations", DestinationJson.Default.ChosenEntry);

    /// <summary>Every destination added through the API, oldest first.</summary>
    /// <exception cref="StartupException">A secret does not open.</exception>
    public async Task<ImmutableArray<SavedDestination>> LoadAsync(CancellationToken cancellationToken) =>
    [
        .. (await _destinations.ListAsync(cancellationToken))
            .Select(document => Read(document.Id, document.Value))
            .OrderBy(destination => destination.CreatedAt).ThenBy(destination => destination.Definition.Id, StringComparer.Ordinal),
    ];

    /// <summary>Every change to a configured destination.</summary>
    /// <exception cref="StartupException">A secret does not open.</exception>
    public async Task<ImmutableArray<DestinationOverride>> LoadOverridesAsync(CancellationToken cancellationToken) =>
    [
        .. (await _overrides.ListAsync(cancellationToken)).Select(document => new DestinationOverride(
            document.Id, document.Value.Enabled, document.Value.SealedStreamKey is { } key ? Open(key, KeyOwner(document.Id)) : null)),
    ];

    /// <summary>Adds, or replaces the one with the same id.</summary>
    public Task SaveAsync(SavedDestination destination) => WriteAsync([Put(destination)]);

    /// <summary>The same as a write, for <see cref="WriteAsync"/> together with others.</summary>
    public StateWrite Put(SavedDestination destination)
    {
        var definition = destination.Definition;
        var entry = new DestinationEntry(
            destination.ChannelId,
            definition.Name,
            definition.Platform,
            vault.Seal(definition.Url, UrlOwner(definition.Id)),
            vault.Seal(definition.StreamKey, KeyOwner(definition.Id)),
            definition.Enabled,
            OutputSettingsDocument.From(definition.Settings),
            destination.CreatedAt,
            definition.PlaybackUrl);
        return _destinations.Put(definition.Id, entry);
    }

    /// <summary>Replaces the override with the same id.</summary>
    public Task SaveAsync(DestinationOverride change) => WriteAsync([Put(change)]);

    /// <summary>The same as a write, for <see cref="WriteAsync"/> together with others.</summary>
    public StateWrite Put(DestinationOverride change) =>
        _overrides.Put(change.Id, new OverrideEntry(change.Enabled, change.StreamKey is { } key ? vault.Seal(key, KeyOwner(change.Id)) : null));

    /// <summary>Forgets an added destination.</summary>
    public Task RemoveAsync(string id) => WriteAsync([Remove(id)]);

    /// <summary>The same as a write, for <see cref="WriteAsync"/> together with others.</summary>
    public StateWrite Remove(string id) => _destinations.Remove(id);

    /// <summary>The destinations that were chosen for broadcasts, by channel.</summary>
    public async Task<ImmutableDictionary<string, ImmutableHashSet<string>>> LoadChosenAsync(CancellationToken cancellationToken) =>
        (await _chosen.ListAsync(cancellationToken)).ToImmutableDictionary(document => document.Id, document => document.Value.Ids.ToImmutableHashSet(StringComparer.Ordinal), StringComparer.Ordinal);

    /// <summary>The write that keeps the destinations that were chosen for a broadcast; null: none were.</summary>
    public StateWrite PutChosen(string channelId, ImmutableHashSet<string>? ids) =>
        ids is null ? _chosen.Remove(channelId) : _chosen.Put(channelId, new ChosenEntry([.. ids.Order(StringComparer.Ordinal)]));

    /// <summary>Makes all of the changes or none; more than fit into one step in several, in their order.</summary>
    public async Task WriteAsync(ImmutableArray<StateWrite> writes)
    {
        foreach (var step in writes.Chunk(StateLimits.MostWrites))
            await store.WriteAsync([.. step], CancellationToken.None);
    }

    private static string UrlOwner(string id) => $"destination/{id}/url";

    private static string KeyOwner(string id) => $"destination/{id}/key";

    private SavedDestination Read(string id, DestinationEntry entry) => new(
        entry.ChannelId,
        new DestinationDefinition
        {
            Id = id,
            Name = entry.Name,
            Platform = entry.Platform,
            Url = Open(entry.SealedUrl, UrlOwner(id)),
            StreamKey = Open(entry.SealedStreamKey, KeyOwner(id)),
            PlaybackUrl = entry.PlaybackUrl,
            Enabled = entry.Enabled,
            Settings = entry.Settings.Over(new OutputSettings()),
        },
        entry.CreatedAt);

    private string Open(string sealedText, string owner) => vault.TryOpen(sealedText, owner)
        ?? throw new StartupException($"The secret {owner} in the state is damaged. Put a backup of the state back.");
}

/// <summary>One added destination. The address is sealed like the key, since it may hold a password; that for viewers holds none, and documents from before it was there have none.</summary>
internal sealed record DestinationEntry(
    string ChannelId, string Name, string Platform, string SealedUrl, string SealedStreamKey, bool Enabled, OutputSettingsDocument Settings, DateTimeOffset CreatedAt, string PlaybackUrl = "");

/// <summary>One change to a configured destination.</summary>
internal sealed record OverrideEntry(bool? Enabled, string? SealedStreamKey);

/// <summary>The destinations of a channel's broadcast.</summary>
internal sealed record ChosenEntry(ImmutableArray<string> Ids);

/// <summary>How destinations are stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(DestinationEntry))]
[JsonSerializable(typeof(OverrideEntry))]
[JsonSerializable(typeof(ChosenEntry))]
internal sealed partial class DestinationJson : JsonSerializerContext;
