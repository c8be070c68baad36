using System.Collections.Immutable;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Storage;

/// <summary>What the server remembers over restarts, in the <see cref="StateFile"/>, secrets sealed. Thread-safe.</summary>
internal sealed partial class StateStore : IDestinationStore, IIngestKeyStore, IDisposable
{
    private readonly StateFile _file;
    private readonly SecretSealer _sealer;

    private StateStore(StateFile file, SecretSealer sealer, bool isNew)
    {
        _file = file;
        _sealer = sealer;
        IsNew = isNew;
    }

    /// <summary>There was nothing in the data directory before: the first start.</summary>
    public bool IsNew { get; }

    /// <summary>Opens the state in <paramref name="dataDirectory"/> with the configured encryption key, or with the one kept there.</summary>
    /// <exception cref="StartupException">It cannot be used; the message says why and what to do.</exception>
    public static StateStore Open(string dataDirectory, Secret? encryptionKey)
    {
        var file = StateFile.Open(dataDirectory);
        try
        {
            var known = file.Current.Encryption;
            var (sealer, check) = EncryptionKeys.Open(encryptionKey, dataDirectory, known);
            if (known is null)
                file.Update(document => document with { Encryption = check });
            var store = new StateStore(file, sealer, isNew: known is null);
            store.RefuseUnreadable();
            return store;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw new StartupException($"DATA_DIR {dataDirectory} cannot be written to: {e.Message}", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ImmutableArray<SavedDestination> LoadDestinations() => [.. _file.Current.Destinations.Select(entry => new SavedDestination(entry.ChannelId, new DestinationDefinition
    {
        Id = entry.Id,
        Name = entry.Name,
        Platform = entry.Platform,
        Url = Open(entry.SealedUrl, UrlOwner(entry.Id)),
        StreamKey = Open(entry.SealedStreamKey, KeyOwner(entry.Id)),
        Enabled = entry.Enabled,
        Settings = entry.Settings.Over(new OutputSettings()),
    }))];

    /// <inheritdoc/>
    public ImmutableArray<DestinationOverride> LoadOverrides() => [.. _file.Current.Overrides.Select(entry =>
        new DestinationOverride(entry.Id, entry.Enabled, entry.SealedStreamKey is null ? null : Open(entry.SealedStreamKey, KeyOwner(entry.Id))))];

    /// <inheritdoc/>
    public void Save(SavedDestination destination)
    {
        var definition = destination.Definition;
        var entry = new DestinationEntry(
            definition.Id,
            destination.ChannelId,
            definition.Name,
            definition.Platform,
            _sealer.Seal(definition.Url, UrlOwner(definition.Id)),
            _sealer.Seal(definition.StreamKey, KeyOwner(definition.Id)),
            definition.Enabled,
            OutputSettingsDocument.From(definition.Settings));
        _file.Update(document => document with { Destinations = Put(document.Destinations, entry, other => other.Id == entry.Id) });
    }

    /// <inheritdoc/>
    public void Save(DestinationOverride change)
    {
        var entry = new OverrideEntry(change.Id, change.Enabled, change.StreamKey is null ? null : _sealer.Seal(change.StreamKey, KeyOwner(change.Id)));
        _file.Update(document => document with { Overrides = Put(document.Overrides, entry, other => other.Id == entry.Id) });
    }

    /// <inheritdoc/>
    public void RemoveDestination(string id) =>
        _file.Update(document => document with { Destinations = document.Destinations.RemoveAll(entry => entry.Id == id) });

    /// <inheritdoc/>
    public string? LoadIngestKey(string channelId, string sourceId) =>
        _file.Current.IngestKeys.FirstOrDefault(entry => entry.ChannelId == channelId && entry.SourceId == sourceId) is { } found
            ? Open(found.SealedKey, IngestOwner(channelId, sourceId))
            : null;

    /// <inheritdoc/>
    public void SaveIngestKey(string channelId, string sourceId, string key)
    {
        var entry = new IngestKeyEntry(channelId, sourceId, _sealer.Seal(key, IngestOwner(channelId, sourceId)));
        _file.Update(document => document with
        {
            IngestKeys = Put(document.IngestKeys, entry, other => other.ChannelId == channelId && other.SourceId == sourceId),
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _sealer.Dispose();
        _file.Dispose();
    }

    private static ImmutableArray<T> Put<T>(ImmutableArray<T> entries, T entry, Predicate<T> isSame)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (isSame(entries[i]))
                return entries.SetItem(i, entry);
        }

        return entries.Add(entry);
    }

    private static string UrlOwner(string id) => $"destination/{id}/url";

    private static string KeyOwner(string id) => $"destination/{id}/key";

    private static string IngestOwner(string channelId, string sourceId) => $"ingest/{channelId}/{sourceId}";

    /// <summary>Opens every seal once, so that a damaged one is a refusal at start and not a surprise on air.</summary>
    private void RefuseUnreadable()
    {
        _ = LoadDestinations();
        _ = LoadOverrides();
        foreach (var entry in _file.Current.IngestKeys)
            _ = Open(entry.SealedKey, IngestOwner(entry.ChannelId, entry.SourceId));
    }

    private string Open(string sealedText, string owner) => _sealer.TryOpen(sealedText, owner)
        ?? throw new StartupException($"The secret {owner} in the state file is damaged. Put a backup of the state file back.");
}
