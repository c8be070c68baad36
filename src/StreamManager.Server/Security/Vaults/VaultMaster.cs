using StreamManager.Server.Hosting;

namespace StreamManager.Server.Security.Vaults;

/// <summary>Finds the master key that opens a vault.</summary>
internal static class VaultMaster
{
    /// <summary>The key that <paramref name="document"/> was wrapped with. A rotation that a crash cut off is finished on the way.</summary>
    /// <exception cref="StartupException">The configured key, or the one in the file, is another one, or there is none.</exception>
    public static MasterKey Find(VaultDocument document, Secret? configured, string dataDirectory)
    {
        if (document.Keys.IsEmpty)
            throw new StartupException("The vault in the state has no keys. Put a backup of the state back.");
        return configured is not null ? FromConfigured(document, configured) : FromFiles(document, dataDirectory);
    }

    private static MasterKey FromConfigured(VaultDocument document, Secret configured)
    {
        var master = MasterKey.FromText(configured, document.Salt);
        if (Opens(master, document))
            return master;
        master.Dispose();
        throw new StartupException("ENCRYPTION_KEY is not the key that the stored secrets were sealed with. "
            + "Set the key that was used before (or unset the variable, if none was). The stored stream keys and tokens cannot be read without it.");
    }

    private static MasterKey FromFiles(VaultDocument document, string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, MasterKey.FileName);
        var nextPath = Path.Combine(dataDirectory, MasterKey.NextFileName);
        var master = MasterKey.FromFile(path);
        if (master is not null && Opens(master, document))
        {
            // A rotation that came no further than its file.
            File.Delete(nextPath);
            return master;
        }

        if (MasterKey.FromFile(nextPath) is { } next)
        {
            if (Opens(next, document))
            {
                master?.Dispose();
                File.Move(nextPath, path, overwrite: true);
                return next;
            }

            next.Dispose();
        }

        var wasThere = master is not null;
        master?.Dispose();
        throw new StartupException(wasThere
            ? $"The key in {path} is not the one that the stored secrets were sealed with. Put the right file back, or set ENCRYPTION_KEY if it was set before."
            : $"{path} is missing, and the stored stream keys and tokens cannot be read without it. Put the file back, or set ENCRYPTION_KEY if it was set before.");
    }

    private static bool Opens(MasterKey master, VaultDocument document) => master.TryUnwrap(document.Keys[^1]) is not null;
}
