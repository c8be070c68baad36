using System.Text.Json.Serialization;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>Keeps the publish keys that the server made, sealed. No state of its own. Throws like <see cref="IStateStore"/>.</summary>
internal sealed class IngestKeyRecords(IStateStore store, Vault vault)
{
    private readonly DocumentSet<IngestKeyEntry> _documents = new(store, "ingest-key", IngestKeyJson.Default.IngestKeyEntry);

    /// <summary>The key of a source; null: none was made yet.</summary>
    /// <exception cref="StartupException">It does not open.</exception>
    public async Task<string?> LoadAsync(string channelId, string sourceId, CancellationToken cancellationToken)
    {
        if (await _documents.GetAsync(Id(channelId, sourceId), cancellationToken) is not { } found)
            return null;
        var owner = Owner(channelId, sourceId);
        return vault.TryOpen(found.Value.SealedKey, owner) ?? throw new StartupException($"The secret {owner} in the state is damaged. Put a backup of the state back.");
    }

    /// <summary>Keeps the key of a source, unless another server that shares the store made one first: then that one comes back.</summary>
    public async Task<string> SaveAsync(string channelId, string sourceId, string key, CancellationToken cancellationToken)
    {
        var entry = new IngestKeyEntry(vault.Seal(key, Owner(channelId, sourceId)));
        return await _documents.PutAsync(Id(channelId, sourceId), entry, StateWrite.Absent, cancellationToken) is null
            ? await LoadAsync(channelId, sourceId, cancellationToken) ?? key
            : key;
    }

    private static string Id(string channelId, string sourceId) => $"{channelId}/{sourceId}";

    private static string Owner(string channelId, string sourceId) => $"ingest/{channelId}/{sourceId}";
}

/// <summary>One publish key.</summary>
internal sealed record IngestKeyEntry(string SealedKey);

/// <summary>How publish keys are stored.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(IngestKeyEntry))]
internal sealed partial class IngestKeyJson : JsonSerializerContext;
