using System.Collections.Immutable;
using System.Security.Cryptography;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>One destination as the API shows it.</summary>
/// <param name="ChannelId">The channel that it belongs to.</param>
/// <param name="Definition">What holds now.</param>
/// <param name="Configured">What the configuration says, where it comes from there: then only its switch and its key can be changed through the API. Else null.</param>
/// <param name="CreatedAt">When it was added through the API; null for a configured one.</param>
internal sealed record CatalogEntry(string ChannelId, DestinationDefinition Definition, DestinationDefinition? Configured, DateTimeOffset? CreatedAt)
{
    /// <summary>It comes from the configuration.</summary>
    public bool IsConfigured => Configured is not null;
}

/// <summary>
/// All destinations, those of the configuration and those added through the API. A change is saved first and then given to the channel, one change at a time;
/// readers see the list as it was after a whole change.
/// </summary>
internal sealed partial class DestinationCatalog : IDisposable
{
    /// <summary>Most destinations of one server: ten times what two cores can feed.</summary>
    public const int MostDestinations = 1_000;

    private readonly ChannelDirectory _channels;
    private readonly DestinationRecords _records;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private ImmutableList<CatalogEntry> _entries;

    private DestinationCatalog(
        ImmutableList<CatalogEntry> entries, ImmutableDictionary<string, ImmutableHashSet<string>> chosen, ChannelDirectory channels, DestinationRecords records, TimeProvider time)
    {
        _entries = entries;
        _chosen = chosen;
        _channels = channels;
        _records = records;
        _time = time;
        foreach (var entry in entries)
            Give(entry);
    }

    /// <summary>Puts configured and saved destinations together and gives them to their channels.</summary>
    /// <exception cref="Storage.StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<DestinationCatalog> LoadAsync(
        IEnumerable<ChannelOptions> options, ChannelDirectory channels, DestinationRecords records, TimeProvider time, CancellationToken cancellationToken)
    {
        var overrides = (await records.LoadOverridesAsync(cancellationToken)).ToDictionary(change => change.Id, StringComparer.Ordinal);
        var configured = options.SelectMany(channel => channel.Destinations.Select(destination =>
            new CatalogEntry(channel.Definition.Id, Apply(overrides.GetValueOrDefault(destination.Id), destination), destination, null)));
        var saved = (await records.LoadAsync(cancellationToken)).Select(destination => new CatalogEntry(destination.ChannelId, destination.Definition, null, destination.CreatedAt));
        return new DestinationCatalog([.. configured, .. saved], await records.LoadChosenAsync(cancellationToken), channels, records, time);
    }

    /// <summary>All of them: configured ones first, then by age.</summary>
    public ImmutableList<CatalogEntry> All => Volatile.Read(ref _entries);

    /// <summary>The destination with an id; null: none.</summary>
    public CatalogEntry? Find(string id) => All.Find(entry => entry.Definition.Id == id);

    /// <summary>An id for a new destination. It cannot be that of a configured one, which holds no underscore.</summary>
    public static string NewId() => "d_" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 16);

    /// <summary>Adds a destination. False: there are too many.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<bool> AddAsync(string channelId, DestinationDefinition definition, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_entries.Count >= MostDestinations)
                return false;
            var createdAt = _time.GetUtcNow();
            await _records.SaveAsync(new SavedDestination(channelId, definition, createdAt));
            var entry = new CatalogEntry(channelId, definition, null, createdAt);
            Volatile.Write(ref _entries, _entries.Add(entry));
            Give(entry);
            return true;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Changes a destination, on air too. <paramref name="change"/> gets the current entry and returns what it shall become, or null for no change. Of a configured destination
    /// only switch and key are kept. The result is the entry after the change; null: there is none with this id, or no change was wanted.
    /// </summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<CatalogEntry?> UpdateAsync(string id, Func<CatalogEntry, DestinationDefinition?> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Find(id) is not { } entry || change(entry) is not { } definition)
                return null;
            var saved = entry.Configured is { } configured
                ? _records.Put(Difference(configured, definition))
                : _records.Put(new SavedDestination(entry.ChannelId, definition, entry.CreatedAt!.Value));

            // During a broadcast with chosen destinations its switch chooses, too: saved together, so that it is never off here and on there.
            var chosen = definition.Enabled != entry.Definition.Enabled ? _chosen.GetValueOrDefault(entry.ChannelId) : null;
            var rest = definition.Enabled ? chosen?.Add(id) : chosen?.Remove(id);
            await _records.WriteAsync(rest is null ? [saved] : [saved, _records.PutChosen(entry.ChannelId, rest)]);
            var next = entry with { Definition = definition };
            Volatile.Write(ref _entries, _entries.Replace(entry, next));
            if (rest is not null)
                Volatile.Write(ref _chosen, _chosen.SetItem(entry.ChannelId, rest));
            Give(next);
            return next;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes an added destination; on air, its server gets a clean end. False: there is none with this id that was added through the API, or it is not to go.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="mayGo">Asked last, with the entry as it is then.</param>
    /// <param name="cancellationToken">Gives up waiting for other changes.</param>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<bool> RemoveAsync(string id, Func<CatalogEntry, bool> mayGo, CancellationToken cancellationToken)
    {
        CatalogEntry? entry;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            entry = Find(id);
            if (entry is not { IsConfigured: false } || !mayGo(entry))
                return false;
            await _records.RemoveAsync(id);
            Volatile.Write(ref _entries, _entries.Remove(entry));
        }
        finally
        {
            _gate.Release();
        }

        // Others do not wait for the farewell to its server. Saved is saved: a caller that gives up waiting must not leave the output running.
        if (_channels.Find(entry.ChannelId) is { } channel)
            await channel.RemoveDestinationAsync(id, CancellationToken.None);
        return true;
    }

    /// <summary>Gives a channel that was just made the destinations that were saved for it.</summary>
    public async Task ApplyAsync(string channelId)
    {
        await _gate.WaitAsync();
        try
        {
            foreach (var entry in _entries.Where(entry => entry.ChannelId == channelId))
                Give(entry);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Removes a channel from the store together with its destinations and what was chosen for its broadcast, so that a new one of its name inherits nothing. What is running is left to the caller.
    /// </summary>
    /// <param name="channelId">The channel.</param>
    /// <param name="channel">The change that removes it.</param>
    /// <exception cref="Storage.StoreUnavailableException">It is not removed; with more than a hundred destinations some may be gone at the next start.</exception>
    public async Task RemoveOfChannelAsync(string channelId, StateWrite channel)
    {
        await _gate.WaitAsync();
        try
        {
            var gone = _entries.Where(entry => entry.ChannelId == channelId && !entry.IsConfigured).ToArray();
            await _records.WriteAsync([.. gone.Select(entry => _records.Remove(entry.Definition.Id)), _records.PutChosen(channelId, null), channel]);
            Volatile.Write(ref _entries, _entries.RemoveRange(gone));
            Volatile.Write(ref _chosen, _chosen.Remove(channelId));
            _chosenAt.Remove(channelId);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    // What the channel gets: during a broadcast with chosen destinations those are on and all others are off, whatever their own switch says.
    private void Give(CatalogEntry entry) => _channels.Find(entry.ChannelId)?.PutDestination(
        _chosen.TryGetValue(entry.ChannelId, out var chosen) ? entry.Definition with { Enabled = chosen.Contains(entry.Definition.Id) } : entry.Definition);

    /// <summary>Only what was really changed is kept, so that a change of the rest in the configuration still counts.</summary>
    private static DestinationOverride Difference(DestinationDefinition configured, DestinationDefinition wanted) => new(
        configured.Id,
        wanted.Enabled == configured.Enabled ? null : wanted.Enabled,
        wanted.StreamKey == configured.StreamKey ? null : wanted.StreamKey);

    private static DestinationDefinition Apply(DestinationOverride? change, DestinationDefinition configured) => change is null
        ? configured
        : configured with { Enabled = change.Enabled ?? configured.Enabled, StreamKey = change.StreamKey ?? configured.StreamKey };
}
