using System.Collections.Immutable;

namespace StreamManager.Server.Channels;

/// <content>The destinations of one broadcast, and a new configuration.</content>
internal sealed partial class DestinationCatalog
{
    // By channel; replaced whole under the gate.
    private ImmutableDictionary<string, ImmutableHashSet<string>> _chosen;

    // When somebody began to choose, by channel; under the gate. Not kept over a restart: by then the end of the broadcast is heard.
    private readonly Dictionary<string, DateTimeOffset> _chosenAt = new(StringComparer.Ordinal);

    /// <summary>The destinations that were chosen for the broadcast of a channel; null: each destination's own switch counts.</summary>
    public ImmutableHashSet<string>? ChosenOf(string channelId) => Volatile.Read(ref _chosen).GetValueOrDefault(channelId);

    /// <summary>
    /// Chooses the destinations of a channel's broadcast, on air too: those are on and all others off, until the broadcast ends. Null: each destination's own switch counts again.
    /// </summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task ChooseAsync(string channelId, ImmutableHashSet<string>? ids, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            await ChooseWithinAsync(channelId, ids);
            if (ids is null)
                _chosenAt.Remove(channelId);
            else
                _chosenAt[channelId] = _time.GetUtcNow();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A broadcast ended: forgets what was chosen for it, and not what somebody chose for the next one before this was heard.</summary>
    /// <param name="channelId">The channel.</param>
    /// <param name="endedAt">When it ended.</param>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task ForgetChosenAsync(string channelId, DateTimeOffset endedAt)
    {
        await _gate.WaitAsync();
        try
        {
            if (_chosenAt.GetValueOrDefault(channelId) <= endedAt)
                await ChooseWithinAsync(channelId, null);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Adds one to the destinations of a channel's broadcast, or takes it out. Where none were chosen, those that are on count as chosen.</summary>
    /// <exception cref="Storage.StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task ChooseAsync(string channelId, string id, bool isChosen, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var isFirst = !_chosen.ContainsKey(channelId);
            var chosen = _chosen.GetValueOrDefault(channelId)
                ?? [.. _entries.Where(entry => entry.ChannelId == channelId && entry.Definition.Enabled).Select(entry => entry.Definition.Id)];
            await ChooseWithinAsync(channelId, isChosen ? chosen.Add(id) : chosen.Remove(id));
            if (isFirst)
                _chosenAt[channelId] = _time.GetUtcNow();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A new configuration holds: its destinations come, change and go; those that were added through the API stay.</summary>
    /// <returns>How many were added, changed and removed.</returns>
    /// <exception cref="Storage.StoreUnavailableException">What users said could not be read; nothing has changed.</exception>
    public async Task<(int Added, int Changed, int Removed)> ConfigureAsync(IEnumerable<Options.ChannelOptions> options, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var overrides = (await _records.LoadOverridesAsync(cancellationToken)).ToDictionary(change => change.Id, StringComparer.Ordinal);
            ImmutableList<CatalogEntry> configured =
            [
                .. options.SelectMany(channel => channel.Destinations.Select(destination =>
                    new CatalogEntry(channel.Definition.Id, Apply(overrides.GetValueOrDefault(destination.Id), destination), destination, null))),
            ];
            var before = _entries.Where(entry => entry.IsConfigured).ToDictionary(entry => entry.Definition.Id, StringComparer.Ordinal);
            Volatile.Write(ref _entries, [.. configured, .. _entries.Where(entry => !entry.IsConfigured)]);
            var (added, changed, removed) = (0, 0, 0);
            foreach (var old in before.Values.Where(old => configured.All(entry => entry.Definition.Id != old.Definition.Id || entry.ChannelId != old.ChannelId)))
            {
                removed++;
                if (_channels.Find(old.ChannelId) is { } channel)
                    await channel.RemoveDestinationAsync(old.Definition.Id, CancellationToken.None);
            }

            foreach (var entry in configured)
            {
                if (!before.TryGetValue(entry.Definition.Id, out var old) || old.ChannelId != entry.ChannelId)
                    added++;
                else if (old.Definition != entry.Definition)
                    changed++;
                else
                    continue;
                Give(entry);
            }

            return (added, changed, removed);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task ChooseWithinAsync(string channelId, ImmutableHashSet<string>? ids)
    {
        if (ids is null && !_chosen.ContainsKey(channelId))
            return;
        await _records.WriteAsync([_records.PutChosen(channelId, ids)]);
        Volatile.Write(ref _chosen, ids is null ? _chosen.Remove(channelId) : _chosen.SetItem(channelId, ids));
        foreach (var entry in _entries.Where(entry => entry.ChannelId == channelId))
            Give(entry);
    }
}
