using System.Collections.Immutable;
using StreamManager.Engine.Outputs;

namespace StreamManager.Server.Channels;

/// <summary>A destination that was added through the API, with the channel it belongs to.</summary>
internal sealed record SavedDestination(string ChannelId, DestinationDefinition Definition);

/// <summary>What the API changed about a destination of the configuration; null: as configured.</summary>
internal sealed record DestinationOverride(string Id, bool? Enabled, string? StreamKey)
{
    /// <inheritdoc/>
    public override string ToString() => $"override of destination {Id}";
}

/// <summary>Keeps what users did to destinations. Every change is durable when the call returns. Thread-safe.</summary>
internal interface IDestinationStore
{
    /// <summary>Every destination added through the API, oldest first.</summary>
    ImmutableArray<SavedDestination> LoadDestinations();

    /// <summary>Every change to a configured destination.</summary>
    ImmutableArray<DestinationOverride> LoadOverrides();

    /// <summary>Adds, or replaces the one with the same id in its place.</summary>
    void Save(SavedDestination destination);

    /// <summary>Replaces the override with the same id.</summary>
    void Save(DestinationOverride change);

    /// <summary>Forgets an added destination.</summary>
    void RemoveDestination(string id);
}
