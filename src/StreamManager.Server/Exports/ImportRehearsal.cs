using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Keys;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;
using StreamManager.Server.Webhooks;

namespace StreamManager.Server.Exports;

/// <summary>
/// An import into a database that nobody uses, read again as the next start reads it: every document is parsed and every secret opened before the first change. What is damaged would end that start, when the
/// state from before is written over already.
/// </summary>
internal static class ImportRehearsal
{
    /// <summary>In the data directory, since that can be written to; it goes when the import ends, and one that a kill left goes with the next.</summary>
    private const string FolderName = ".import";

    /// <summary>Tries it.</summary>
    /// <param name="import">Writes the export into a store whose vault has its key in a folder.</param>
    /// <param name="dataDirectory">The data directory, held by this process.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartupException">The export has something that no start takes; says which.</exception>
    public static async Task TryAsync(Func<IStateStore, string, Task> import, string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(dataDirectory, FolderName);
        Remove(folder);
        try
        {
            using var held = DataDirectoryLock.Take(folder);
            await using var store = SqliteStateStore.Open(held, time, NullLogger<SqliteStateStore>.Instance);
            await import(store, folder);
            using var vault = await Vault.OpenAsync(store, null, folder, time, cancellationToken);
            await ReadAsync(store, vault, time, cancellationToken);
        }
        catch (Exception e) when (e is DamagedDocumentException or FormatException)
        {
            throw new StartupException($"This export is damaged: {(e is DamagedDocumentException damage ? $"its {damage.Kind} {damage.Id} cannot be read" : "a key in it is none")}. Nothing was changed.", e);
        }
        catch (StartupException e)
        {
            throw new StartupException($"This export cannot be taken: {e.Message} Nothing was changed.", e);
        }
        finally
        {
            Remove(folder);
        }
    }

    // Everything that the start of a server reads, by the code with which it does.
    private static async Task ReadAsync(SqliteStateStore store, Vault vault, TimeProvider time, CancellationToken cancellationToken)
    {
        var destinations = new DestinationRecords(store, vault);
        _ = await destinations.LoadAsync(cancellationToken);
        _ = await destinations.LoadOverridesAsync(cancellationToken);
        _ = await new WebhookRecords(store, vault).LoadAsync(cancellationToken);
        await new OwnKeys(store, vault, time).ReloadAsync(cancellationToken);
        using var signed = await SignedUrls.OpenAsync(store, vault, time, NullLogger<SignedUrls>.Instance, cancellationToken);
        var accounts = new AccountDocuments(store);
        _ = await accounts.Users.ListAsync(cancellationToken);
        _ = await accounts.Tokens.ListAsync(cancellationToken);
        foreach (var key in await new DocumentSet<StreamKey>(store, StreamKey.DocumentKind, KeyJson.Default.StreamKey).ListAsync(cancellationToken))
            RefuseUnless(KeyHash.Parse(key.Id) is not null, StreamKey.DocumentKind, key.Id);
        foreach (var alias in await store.ListAsync(StreamAlias.DocumentKind, cancellationToken))
            RefuseUnless(StreamAlias.IsAlias(alias.Id) && KeyHash.Parse(Encoding.UTF8.GetString(alias.Body.Span)) is not null, StreamAlias.DocumentKind, alias.Id);
    }

    private static void RefuseUnless(bool isGood, string kind, string id)
    {
        if (!isGood)
            throw new DamagedDocumentException(kind, id);
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }
}
