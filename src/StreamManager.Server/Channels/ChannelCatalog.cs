using System.Collections.Concurrent;
using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>One channel as users see it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Configured">What the configuration says; null: it was made through the API.</param>
/// <param name="Settings">What users said over that.</param>
/// <param name="CreatedAt">When it was made through the API.</param>
/// <param name="Definition">What holds.</param>
internal sealed record ChannelCatalogEntry(string Id, ChannelOptions? Configured, ChannelSettings Settings, DateTimeOffset? CreatedAt, ChannelDefinition Definition);

/// <summary>Outcome of a wanted change.</summary>
internal enum ChannelChange
{
    /// <summary>It was made.</summary>
    Done = 1,

    /// <summary>There is no such channel.</summary>
    Missing = 2,

    /// <summary>There is one with this id already.</summary>
    Exists = 3,

    /// <summary>There are as many as there may be.</summary>
    TooMany = 4,

    /// <summary>The configuration made it: only there can it be removed.</summary>
    Configured = 5,

    /// <summary>Somebody else changed it meanwhile.</summary>
    Stale = 6,
}

/// <summary>
/// All channels: those of the configuration and those made through the API, and what users set over either. A change is saved first and then made, one at a time; readers see the list as
/// it was after a whole change.
/// </summary>
internal sealed class ChannelCatalog : IDisposable
{
    /// <summary>Most channels of one server: far more than a machine carries.</summary>
    public const int MostChannels = 1_000;

    private readonly ChannelDirectory _directory;
    private readonly ChannelRecords _records;
    private readonly string _mediaFolder;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _gate = new(1, 1);

    // Channels that are removed and still say farewell. Added to within the gate.
    private readonly ConcurrentDictionary<string, Task> _leaving = new(StringComparer.Ordinal);
    private ImmutableList<ChannelCatalogEntry> _entries;

    private ChannelCatalog(ImmutableList<ChannelCatalogEntry> entries, ChannelDirectory directory, ChannelRecords records, string mediaFolder, TimeProvider time)
    {
        _entries = entries;
        _directory = directory;
        _records = records;
        _mediaFolder = mediaFolder;
        _time = time;
    }

    /// <summary>All of them, <c>main</c> first.</summary>
    public ImmutableList<ChannelCatalogEntry> All => Volatile.Read(ref _entries);

    /// <summary>All of them with the fixed keys that the configuration gives them, for the key ring.</summary>
    public ImmutableArray<ChannelOptions> KeyedChannels => [.. All.Select(entry => entry.Configured ?? new ChannelOptions { Definition = entry.Definition })];

    /// <summary>Puts configured and saved channels together and makes them, off air.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<ChannelCatalog> LoadAsync(
        ImmutableArray<ChannelOptions> options, ChannelDirectory directory, ChannelRecords records, string mediaFolder, TimeProvider time, CancellationToken cancellationToken)
    {
        var saved = await records.LoadAsync(cancellationToken);
        var byId = saved.ToDictionary(channel => channel.ChannelId, StringComparer.Ordinal);
        ImmutableList<ChannelCatalogEntry> entries =
        [
            .. options.Select(channel => Entry(channel.Definition.Id, channel, byId.GetValueOrDefault(channel.Definition.Id), mediaFolder)),

            // What was said about a channel that the configuration has no more waits there for its return.
            .. saved.Where(channel => channel.CreatedAt is not null && options.All(configured => configured.Definition.Id != channel.ChannelId))
                .Select(channel => Entry(channel.ChannelId, null, channel, mediaFolder)),
        ];
        foreach (var entry in entries)
            directory.Add(entry.Definition);
        return new ChannelCatalog(entries, directory, records, mediaFolder, time);
    }

    /// <summary>The channel with an id; null: none.</summary>
    public ChannelCatalogEntry? Find(string id) => All.Find(entry => entry.Id == id);

    /// <summary>Makes a channel and starts it when its start mode says so.</summary>
    /// <exception cref="StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<ChannelChange> AddAsync(string id, ChannelSettings settings, CancellationToken cancellationToken)
    {
        await EnterAsync([id], cancellationToken);
        try
        {
            if (Find(id) is not null)
                return ChannelChange.Exists;
            if (_entries.Count >= MostChannels)
                return ChannelChange.TooMany;
            var saved = new SavedChannel(id, settings, _time.GetUtcNow());
            await _records.SaveAsync(saved);
            var entry = Entry(id, null, saved, _mediaFolder);
            Volatile.Write(ref _entries, _entries.Add(entry));
            var channel = _directory.Add(entry.Definition);
            await channel.RunStartModeAsync(CancellationToken.None);
            return ChannelChange.Done;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Changes what users say about a channel; what is on air goes on. <paramref name="change"/> gets the entry as it is and gives the settings as they shall be, or null: it is stale.
    /// </summary>
    /// <exception cref="StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<ChannelChange> UpdateAsync(string id, Func<ChannelCatalogEntry, ChannelSettings?> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Find(id) is not { } entry)
                return ChannelChange.Missing;
            if (change(entry) is not { } settings)
                return ChannelChange.Stale;
            var saved = new SavedChannel(id, settings, entry.CreatedAt);
            await _records.SaveAsync(saved);
            await ReplaceAsync(entry, Entry(id, entry.Configured, saved, _mediaFolder));
            return ChannelChange.Done;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Removes a channel that was made through the API; its broadcast ends.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="mayGo">Asked with the entry as it is then; no: it is stale.</param>
    /// <param name="remove">Makes the change in the store, with all that belongs to the channel.</param>
    /// <param name="cancellationToken">Gives up waiting for other changes.</param>
    /// <exception cref="StoreUnavailableException">It could not be saved; nothing has changed here.</exception>
    public async Task<ChannelChange> RemoveAsync(string id, Func<ChannelCatalogEntry, bool> mayGo, Func<StateWrite, Task> remove, CancellationToken cancellationToken)
    {
        Task farewell;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (Find(id) is not { } entry)
                return ChannelChange.Missing;
            if (!mayGo(entry))
                return ChannelChange.Stale;
            if (entry.Configured is not null)
                return ChannelChange.Configured;
            await remove(_records.Remove(id));
            farewell = TakeDown(entry);
        }
        finally
        {
            _gate.Release();
        }

        await farewell;
        return ChannelChange.Done;
    }

    /// <summary>
    /// A new configuration holds: channels that it no longer has are taken down, new ones are made, changed ones go on under their new rules.
    /// </summary>
    /// <returns>The ids of channels that were added, changed and removed.</returns>
    /// <exception cref="StoreUnavailableException">What users said could not be read; nothing has changed.</exception>
    public async Task<(ImmutableArray<string> Added, ImmutableArray<string> Changed, ImmutableArray<string> Removed)> ConfigureAsync(
        ImmutableArray<ChannelOptions> options, CancellationToken cancellationToken)
    {
        var farewells = new List<Task>();
        (ImmutableArray<string>, ImmutableArray<string>, ImmutableArray<string>) changes;
        await EnterAsync(options.Select(channel => channel.Definition.Id), cancellationToken);
        try
        {
            var saved = (await _records.LoadAsync(cancellationToken)).ToDictionary(channel => channel.ChannelId, StringComparer.Ordinal);
            var (added, changed, removed) = (new List<string>(), new List<string>(), new List<string>());
            foreach (var entry in _entries.Where(entry => entry.Configured is not null && options.All(channel => channel.Definition.Id != entry.Id)))
            {
                farewells.Add(TakeDown(entry));
                removed.Add(entry.Id);
            }

            foreach (var channel in options)
            {
                var id = channel.Definition.Id;
                var next = Entry(id, channel, saved.GetValueOrDefault(id), _mediaFolder);
                if (Find(id) is not { } entry)
                {
                    Volatile.Write(ref _entries, _entries.Add(next));
                    await _directory.Add(next.Definition).RunStartModeAsync(CancellationToken.None);
                    added.Add(id);
                }
                else
                {
                    if (!IsSame(entry.Definition, next.Definition))
                        changed.Add(id);
                    await ReplaceAsync(entry, next);
                }
            }

            changes = ([.. added], [.. changed], [.. removed]);
        }
        finally
        {
            _gate.Release();
        }

        await Task.WhenAll(farewells);
        return changes;
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private static ChannelCatalogEntry Entry(string id, ChannelOptions? configured, SavedChannel? saved, string mediaFolder)
    {
        var settings = saved?.Settings ?? new ChannelSettings();
        return new ChannelCatalogEntry(
            id, configured, settings, configured is null ? saved?.CreatedAt : null, settings.Over(configured?.Definition ?? new ChannelDefinition { Id = id }, mediaFolder));
    }

    // The sources of a channel never change; as an array they would compare by identity.
    private static bool IsSame(ChannelDefinition one, ChannelDefinition other) => one with { Sources = other.Sources } == other;

    // Others may change channels while one says farewell to its destinations; the next one with its id waits for that.
    private async Task EnterAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (var id in ids)
            {
                if (_leaving.TryGetValue(id, out var leaving))
                    await leaving.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            await _gate.WaitAsync(cancellationToken);
            if (!ids.Any(_leaving.ContainsKey))
                return;
            _gate.Release();
        }
    }

    // Within the gate. What it returns is waited for without.
    private Task TakeDown(ChannelCatalogEntry entry)
    {
        Volatile.Write(ref _entries, _entries.Remove(entry));
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _leaving[entry.Id] = left.Task;
        return LeaveAsync(entry.Id, left);
    }

    private async Task LeaveAsync(string id, TaskCompletionSource left)
    {
        try
        {
            await _directory.RemoveAsync(id);
        }
        finally
        {
            _leaving.TryRemove(id, out _);
            left.SetResult();
        }
    }

    // Saved is saved: a caller that gives up waiting must not leave the channel under its old rules.
    private async Task ReplaceAsync(ChannelCatalogEntry entry, ChannelCatalogEntry next)
    {
        Volatile.Write(ref _entries, _entries.Replace(entry, next));
        if (!IsSame(entry.Definition, next.Definition) && _directory.Find(entry.Id) is { } channel)
            await channel.ReconfigureAsync(next.Definition, CancellationToken.None);
    }
}
