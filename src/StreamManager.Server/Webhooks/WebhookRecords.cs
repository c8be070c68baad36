using System.Collections.Immutable;
using System.Text.Json.Serialization;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>Keeps endpoints, address and keys sealed. No state of its own. Throws like <see cref="IStateStore"/>.</summary>
internal sealed class WebhookRecords(IStateStore store, Vault vault)
{
    private readonly DocumentSet<WebhookEntry> _documents = new(store, "webhook", WebhookJson.Default.WebhookEntry);

    /// <summary>All of them, oldest first.</summary>
    /// <exception cref="StartupException">A secret does not open.</exception>
    public async Task<ImmutableArray<Versioned<WebhookDefinition>>> LoadAsync(CancellationToken cancellationToken) =>
    [
        .. (await _documents.ListAsync(cancellationToken))
            .Select(document => new Versioned<WebhookDefinition>(document.Id, Read(document.Id, document.Value), document.Version, null))
            .OrderBy(webhook => webhook.Value.CreatedAt).ThenBy(webhook => webhook.Id, StringComparer.Ordinal),
    ];

    /// <summary>Calls <paramref name="handler"/> after each change of an endpoint in the store, whoever made it, and when changes may have been missed; the argument is the id of one that was removed.</summary>
    public IDisposable Subscribe(Action<string?> handler) => store.Subscribe(change =>
    {
        switch (change)
        {
            case StateChange.Written { Kind: var kind } when kind != _documents.Kind:
            case StateChange.Removed { Kind: var other } when other != _documents.Kind:
                break;
            default:
                handler((change as StateChange.Removed)?.Id);
                break;
        }
    });

    /// <summary>Adds, or replaces the one with the same id. The result is its version.</summary>
    public async Task<long> SaveAsync(WebhookDefinition webhook, CancellationToken cancellationToken)
    {
        var entry = new WebhookEntry(
            vault.Seal(webhook.Url, UrlOwner(webhook.Id)),
            webhook.Events,
            webhook.ChannelId,
            webhook.Enabled,
            webhook.Decides,
            (int)webhook.DecisionTimeout.TotalMilliseconds,
            webhook.OnDecisionFailure,
            webhook.CreatedAt,
            webhook.Disabling,
            [.. webhook.Secrets.Select(secret => new WebhookSecretEntry(vault.Seal(secret.Text, SecretOwner(webhook.Id)), secret.ExpiresAt))]);
        return (await _documents.PutAsync(webhook.Id, entry, null, cancellationToken))!.Value;
    }

    /// <summary>Forgets one.</summary>
    public async Task RemoveAsync(string id, CancellationToken cancellationToken) => await _documents.RemoveAsync(id, null, cancellationToken);

    private static string UrlOwner(string id) => $"webhook/{id}/url";

    private static string SecretOwner(string id) => $"webhook/{id}/secret";

    private WebhookDefinition Read(string id, WebhookEntry entry) => new()
    {
        Id = id,
        Url = Open(entry.SealedUrl, UrlOwner(id)),
        Events = entry.Events,
        ChannelId = entry.ChannelId,
        Enabled = entry.Enabled,
        Decides = entry.Decides,
        DecisionTimeout = TimeSpan.FromMilliseconds(entry.DecisionTimeoutMs),
        OnDecisionFailure = entry.OnDecisionFailure,
        CreatedAt = entry.CreatedAt,
        Disabling = entry.Disabling,
        Secrets = [.. entry.Secrets.Select(secret => new WebhookSecret(Open(secret.SealedSecret, SecretOwner(id)), secret.ExpiresAt))],
    };

    private string Open(string sealedText, string owner) => vault.TryOpen(sealedText, owner)
        ?? throw new StartupException($"The secret {owner} in the state is damaged. Put a backup of the state back.");
}

/// <summary>One endpoint as it is stored.</summary>
internal sealed record WebhookEntry(
    string SealedUrl,
    ImmutableArray<string> Events,
    string? ChannelId,
    bool Enabled,
    ImmutableArray<string> Decides,
    int DecisionTimeoutMs,
    DecisionFallback OnDecisionFailure,
    DateTimeOffset CreatedAt,
    WebhookDisabling? Disabling,
    ImmutableArray<WebhookSecretEntry> Secrets);

/// <summary>One key as it is stored.</summary>
internal sealed record WebhookSecretEntry(string SealedSecret, DateTimeOffset? ExpiresAt);

/// <summary>How endpoints and deliveries are stored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(WebhookEntry))]
[JsonSerializable(typeof(WebhookDelivery))]
internal sealed partial class WebhookJson : JsonSerializerContext;
