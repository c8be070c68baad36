using System.Text;
using System.Text.Json;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Exports;

/// <summary>
/// Puts an export into the store: what has the same id is replaced, the rest stays. Checked whole before the first change; cut off in the middle, the same import again completes it.
/// </summary>
internal static class StateImporter
{
    /// <summary>Writes it.</summary>
    /// <param name="content">The export.</param>
    /// <param name="passphrase">What its secrets are sealed with.</param>
    /// <param name="store">The store.</param>
    /// <param name="configured"><c>ENCRYPTION_KEY</c>; null: the file in <paramref name="dataDirectory"/>.</param>
    /// <param name="dataDirectory">Where that file is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many documents were written.</returns>
    /// <exception cref="StartupException">The export has something that cannot be taken; nothing was changed.</exception>
    public static async Task<int> WriteAsync(
        ExportContent content, Secret? passphrase, IStateStore store, Secret? configured, string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        Check(content);
        await ImportRehearsal.TryAsync(
            (rehearsal, folder) => PutAsync(content, passphrase, rehearsal, null, folder, time, cancellationToken), dataDirectory, time, cancellationToken);
        await PutAsync(content, passphrase, store, configured, dataDirectory, time, cancellationToken);
        return content.Documents.Length;
    }

    private static async Task PutAsync(
        ExportContent content, Secret? passphrase, IStateStore store, Secret? configured, string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        using (await Vault.OpenAsync(store, configured, dataDirectory, time, cancellationToken))
        {
            // There is a vault now, also in a new store.
        }

        if (content.Vault is { } foreign)
            await VaultTransfer.AddAsync(foreign, passphrase!, store, configured, dataDirectory, cancellationToken);
        using var vault = await Vault.OpenAsync(store, configured, dataDirectory, time, cancellationToken);
        var destinations = new DestinationRecords(store, vault);
        var writes = new List<StateWrite>();
        foreach (var document in content.Documents)
        {
            writes.Add(content.Vault is null && document.Kind == "destination"
                ? destinations.Put(Read(document))
                : new StateWrite.Put(document.Kind, document.Id, Encoding.UTF8.GetBytes(document.Body), null, document.ExpiresAt));
        }

        foreach (var batch in writes.Chunk(StateLimits.MostWrites))
            await store.WriteAsync([.. batch], cancellationToken);
    }

    private static void Check(ExportContent content)
    {
        if (content.Documents.IsDefault)
            throw new StartupException("This export is damaged. Nothing was changed.");
        var seen = new HashSet<(string, string)>();
        foreach (var document in content.Documents)
        {
            if (document is null)
                throw new StartupException("This export is damaged. Nothing was changed.");
            var isKnown = ExportKinds.Open.Contains(document.Kind) || (content.Vault is not null && ExportKinds.Secret.Contains(document.Kind));
            if (!isKnown || !StateLimits.IsId(document.Id) || Encoding.UTF8.GetByteCount(document.Body) > StateLimits.LargestBody || !seen.Add((document.Kind, document.Id)))
                throw new StartupException($"This export has a {Shown(document.Kind)} {Shown(document.Id)} that cannot be taken. Nothing was changed.");
            if (content.Vault is null && document.Kind == "destination")
                _ = Read(document);
            else if (!IsReadable(document, content.Vault is not null))
                throw new StartupException($"The {Shown(document.Kind)} {Shown(document.Id)} of this export cannot be read. Nothing was changed.");
        }

        if (content.Documents.Count(document => document.Kind == "channel") > ChannelCatalog.MostChannels)
            throw new StartupException($"This export has more than {ChannelCatalog.MostChannels} channels. Nothing was changed.");
    }

    /// <summary>Would the next start take it? It reads these kinds, and does not come up with one that it cannot read.</summary>
    private static bool IsReadable(ExportDocument document, bool hasSecrets)
    {
        try
        {
            return document.Kind switch
            {
                "channel" => ConfigFileReader.ChannelId.Parse(document.Id, out _) && JsonSerializer.Deserialize(document.Body, ChannelJson.Default.ChannelEntry) is { Settings: { } settings } && CanBeUsed(settings),
                "destination" => JsonSerializer.Deserialize(document.Body, DestinationJson.Default.DestinationEntry) is not null,
                "destination-override" => JsonSerializer.Deserialize(document.Body, DestinationJson.Default.OverrideEntry) is { } change && (hasSecrets || change.SealedStreamKey is null),
                "user" => JsonSerializer.Deserialize(document.Body, AccountJson.Default.UserRecord) is not null,
                "token" => JsonSerializer.Deserialize(document.Body, AccountJson.Default.TokenRecord) is not null,
                _ => true,
            };
        }
        catch (Exception e) when (e is JsonException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>The fallback must be a file of the library, not one from elsewhere on the disk, and every time one that there is.</summary>
    /// <exception cref="OverflowException">A time is too long.</exception>
    private static bool CanBeUsed(ChannelSettings settings)
    {
        if (settings.FallbackMedia is { } media && media != Path.GetFileName(media))
            return false;
        var definition = settings.Over(new ChannelDefinition { Id = ChannelOptions.MainId }, "");
        return definition.SourceTimeout > TimeSpan.Zero && definition.CheckInterval > TimeSpan.Zero && definition.ReturnAfter >= TimeSpan.Zero && definition.EndAfter >= TimeSpan.Zero;
    }

    private static SavedDestination Read(ExportDocument document)
    {
        try
        {
            var open = JsonSerializer.Deserialize(document.Body, ExportJson.Default.OpenDestination)!;
            if (!DestinationRules.Name.Parse(open.Name, out var name) || !DestinationRules.Platform.Parse(open.Platform, out var platform) || !DestinationRules.Url.Parse(open.Url, out var url)
                || !DestinationRules.PlaybackUrl.Parse(open.PlaybackUrl, out var playbackUrl))
                throw new JsonException("A field has a value that is not allowed.");
            var definition = new DestinationDefinition
            {
                Id = document.Id,
                Name = name,
                Platform = platform,
                Url = url,
                PlaybackUrl = playbackUrl,
                Enabled = false,
                Settings = open.Settings.Over(new OutputSettings()),
            };
            return new SavedDestination(open.ChannelId, definition, open.CreatedAt);
        }
        catch (Exception e) when (e is JsonException or NullReferenceException)
        {
            throw new StartupException($"The destination {Shown(document.Id)} of this export cannot be read. Nothing was changed.", e);
        }
    }

    private static string Shown(string text) => string.Concat(text.Take(60).Select(c => char.IsControl(c) ? '?' : c));
}
