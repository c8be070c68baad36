using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Exports;

/// <summary>Puts everything that was set through the API into one file.</summary>
internal static class StateExporter
{
    /// <summary>Reads it from the store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="vault">Its vault.</param>
    /// <param name="master">The key of the vault; null: without secrets.</param>
    /// <param name="passphrase">What the secrets are sealed with in the file.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ExportContent> ReadAsync(IStateStore store, Vault vault, MasterKey? master, Secret? passphrase, CancellationToken cancellationToken)
    {
        var documents = ImmutableArray.CreateBuilder<ExportDocument>();
        if (master is null || passphrase is null)
        {
            documents.AddRange(await ListAsync(store, "channel", cancellationToken));
            var records = new DestinationRecords(store, vault);
            documents.AddRange((await records.LoadAsync(cancellationToken)).Select(WithoutSecrets));
            documents.AddRange((await records.LoadOverridesAsync(cancellationToken))
                .Where(change => change.Enabled is not null)
                .Select(change => new ExportDocument(
                    "destination-override", change.Id, JsonSerializer.Serialize(new OverrideEntry(change.Enabled, null), DestinationJson.Default.OverrideEntry), null)));
            return new ExportContent(null, documents.ToImmutable());
        }

        foreach (var kind in ExportKinds.Open.Concat(ExportKinds.Secret).Order(StringComparer.Ordinal))
            documents.AddRange(await ListAsync(store, kind, cancellationToken));
        var known = await Vault.Documents(store).GetAsync(Vault.DocumentId, cancellationToken);
        return new ExportContent(VaultTransfer.Rewrap(known!.Value, master, passphrase), documents.ToImmutable());
    }

    private static async Task<IEnumerable<ExportDocument>> ListAsync(IStateStore store, string kind, CancellationToken cancellationToken) =>
        (await store.ListAsync(kind, cancellationToken))
            .OrderBy(document => document.Id, StringComparer.Ordinal)
            .Select(document => new ExportDocument(kind, document.Id, Encoding.UTF8.GetString(document.Body.Span), document.ExpiresAt));

    private static ExportDocument WithoutSecrets(SavedDestination saved)
    {
        var definition = saved.Definition;
        var open = new OpenDestination(
            saved.ChannelId,
            definition.Name,
            definition.Platform,
            DestinationRules.Shown(definition.Url, definition.StreamKey),
            OutputSettingsDocument.From(definition.Settings),
            saved.CreatedAt,
            definition.PlaybackUrl);
        return new ExportDocument("destination", definition.Id, JsonSerializer.Serialize(open, ExportJson.Default.OpenDestination), null);
    }
}
