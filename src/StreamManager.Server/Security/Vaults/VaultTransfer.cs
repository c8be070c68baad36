using System.Security.Cryptography;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Vaults;

/// <summary>Carries data keys from one vault to another, so that what they sealed needs not be sealed anew.</summary>
internal static class VaultTransfer
{
    /// <summary>The data keys of a vault under a passphrase.</summary>
    /// <exception cref="StartupException">One does not open.</exception>
    public static VaultDocument Rewrap(VaultDocument document, MasterKey master, Secret passphrase)
    {
        using var next = MasterKey.FromPassphrase(passphrase, salt: null);
        return new VaultDocument(next.Salt, [.. document.Keys.Select(entry => Rewrap(entry, master, next))]);
    }

    /// <summary>Adds the data keys of <paramref name="foreign"/> to the vault of a store, for opening only: what is sealed from now on is sealed by the vault's own.</summary>
    /// <exception cref="StartupException">A key does not open, or somebody else changed the vault.</exception>
    public static async Task AddAsync(VaultDocument foreign, Secret passphrase, IStateStore store, Secret? configured, string dataDirectory, CancellationToken cancellationToken)
    {
        var documents = Vault.Documents(store);
        var known = await documents.GetAsync(Vault.DocumentId, cancellationToken) ?? throw new StartupException("There is no vault yet.");
        using var master = VaultMaster.Find(known.Value, configured, dataDirectory);
        using var theirs = MasterKey.FromPassphrase(passphrase, foreign.Salt);
        var added = foreign.Keys.Where(entry => known.Value.Keys.All(own => own.Id != entry.Id)).Select(entry => Rewrap(entry, theirs, master)).ToArray();
        if (added.Length == 0)
            return;
        if (known.Value.Keys.Length + added.Length > VaultRotation.MostDataKeys)
            throw new StartupException($"The vault would have more than {VaultRotation.MostDataKeys} data keys.");
        if (await documents.PutAsync(Vault.DocumentId, known.Value with { Keys = [.. added, .. known.Value.Keys] }, known.Version, cancellationToken) is null)
            throw new StartupException("Another process changed the vault at the same time. Try again.");
    }

    /// <summary>One data key under another master key.</summary>
    /// <exception cref="StartupException">It does not open.</exception>
    public static DataKeyEntry Rewrap(DataKeyEntry entry, MasterKey old, MasterKey next)
    {
        var key = old.TryUnwrap(entry) ?? throw new StartupException($"The data key {entry.Id} of the vault is damaged. Put a backup of the state back.");
        try
        {
            return next.Wrap(entry.Id, key, entry.CreatedAt);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
