using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Vaults;

/// <summary>
/// Puts the vault under another master key, with a new data key for what is sealed from now on. One document is written, all or nothing; no record is touched. Killed at any instant,
/// the old or the new key opens it.
/// </summary>
internal static class VaultRotation
{
    /// <summary>Most data keys: old ones are kept for what they sealed, and nobody rotates daily for years.</summary>
    public const int MostDataKeys = 1_000;

    /// <summary>Rotates. Says in words what to do next.</summary>
    /// <param name="store">Where the vault is. No server may be running on it.</param>
    /// <param name="configured">The <c>ENCRYPTION_KEY</c> that holds now; null: the key is in a file in <paramref name="dataDirectory"/>.</param>
    /// <param name="next">The one to come; null: a new file is made, which needs <paramref name="configured"/> to be null.</param>
    /// <param name="dataDirectory">Where the file is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartupException">There is no vault, the key that holds now is wrong, or another server changed the vault.</exception>
    public static async Task<string> RotateAsync(
        IStateStore store, Secret? configured, Secret? next, string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        if (configured is not null && next is null)
            throw new StartupException("Set NEW_ENCRYPTION_KEY to the key that shall come in place of ENCRYPTION_KEY: 64 hexadecimal digits, or a passphrase.");
        if (next is not null && next == configured)
            throw new StartupException("NEW_ENCRYPTION_KEY is the same as ENCRYPTION_KEY; nothing was changed.");
        var documents = Vault.Documents(store);
        var known = await documents.GetAsync(Vault.DocumentId, cancellationToken)
            ?? throw new StartupException("There is no vault yet: the first start of the server makes it, with the ENCRYPTION_KEY that is set then.");
        if (known.Value.Keys.Length >= MostDataKeys)
            throw new StartupException($"The vault has {MostDataKeys} data keys already, and cannot take more.");

        using var old = VaultMaster.Find(known.Value, configured, dataDirectory);
        var nextPath = Path.Combine(dataDirectory, MasterKey.NextFileName);
        using var master = next is not null ? MasterKey.FromText(next, salt: null) : MasterKey.MakeFile(nextPath);
        var document = new VaultDocument(master.Salt, [.. known.Value.Keys.Select(entry => VaultTransfer.Rewrap(entry, old, master)), Vault.MakeDataKey(master, time)]);
        if (await documents.PutAsync(Vault.DocumentId, document, known.Version, cancellationToken) is null)
            throw new StartupException("Another process changed the vault at the same time; nothing was changed here. Try again.");

        var path = Path.Combine(dataDirectory, MasterKey.FileName);
        if (next is null)
        {
            File.Move(nextPath, path, overwrite: true);
            return $"The vault has a new key, in {path}.";
        }

        // The file's key opens nothing any more.
        File.Delete(path);
        return "The vault has a new key. Set ENCRYPTION_KEY to what NEW_ENCRYPTION_KEY was before the server is started.";
    }
}
