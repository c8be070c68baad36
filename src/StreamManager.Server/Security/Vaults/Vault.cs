using System.Collections.Frozen;
using System.Security.Cryptography;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Vaults;

/// <summary>
/// Seals what the server must be able to read again (stream keys of destinations, tokens of platforms): AES-256-GCM under a data key. The data keys lie in the store, wrapped by the
/// master key, so that another master key rewraps them and touches no record. Opened once at start. Thread-safe.
/// </summary>
internal sealed class Vault : IDisposable
{
    /// <summary>Kind and id of the one document with the data keys.</summary>
    public const string Kind = "vault", DocumentId = "keys";

    private const char Separator = ':';
    private readonly FrozenDictionary<string, SecretSealer> _sealers;
    private readonly DataKeyEntry _current;

    // As the store had it last; replaced whole.
    private volatile VaultDocument _document;

    private Vault(FrozenDictionary<string, SecretSealer> sealers, VaultDocument document, bool isNew)
    {
        _sealers = sealers;
        _current = document.Keys[^1];
        _document = document;
        IsNew = isNew;
    }

    /// <summary>There was no vault in the store before: the first start.</summary>
    public bool IsNew { get; }

    /// <summary>Its document must be in the store while the server runs: what is sealed with a key that is nowhere stored cannot be read after the next start.</summary>
    public StoreAnchor Anchor => new("the vault", HoldAsync);

    /// <summary>Opens the vault of <paramref name="store"/>, or makes it.</summary>
    /// <param name="store">Where the data keys are.</param>
    /// <param name="configured"><c>ENCRYPTION_KEY</c>; null: the key is in a file in <paramref name="dataDirectory"/>.</param>
    /// <param name="dataDirectory">Where that file is.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StartupException">The key is not the one that the stored secrets were sealed with, or cannot be read.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<Vault> OpenAsync(IStateStore store, Secret? configured, string dataDirectory, TimeProvider time, CancellationToken cancellationToken)
    {
        var documents = Documents(store);
        while (true)
        {
            if (await documents.GetAsync(DocumentId, cancellationToken) is { } known)
            {
                using var master = VaultMaster.Find(known.Value, configured, dataDirectory);
                return new Vault(Unwrap(known.Value, master), known.Value, isNew: false);
            }

            // Beside a key file that is there already, the store may have been lost: the same key opens a backup of it.
            using var first = configured is not null
                ? MasterKey.FromText(configured, salt: null)
                : MasterKey.FromFile(Path.Combine(dataDirectory, MasterKey.FileName)) ?? MasterKey.MakeFile(Path.Combine(dataDirectory, MasterKey.FileName));
            var document = new VaultDocument(first.Salt, [MakeDataKey(first, time)]);
            if (await documents.PutAsync(DocumentId, document, StateWrite.Absent, cancellationToken) is not null)
                return new Vault(Unwrap(document, first), document, isNew: true);

            // Another server that shares the store was quicker: its vault is ours too.
        }
    }

    /// <summary>Seals <paramref name="text"/> for <paramref name="owner"/> (<c>destination/d_1/key</c>), to which it is bound: moved to another record it does not open.</summary>
    public string Seal(string text, string owner) => _current.Id + Separator + _sealers[_current.Id].Seal(text, owner);

    /// <summary>Opens what <see cref="Seal"/> made for the same owner. Null: another vault's, another owner's, or damaged.</summary>
    public string? TryOpen(string sealedText, string owner)
    {
        var separator = sealedText.IndexOf(Separator, StringComparison.Ordinal);
        return separator > 0 && _sealers.TryGetValue(sealedText[..separator], out var sealer) ? sealer.TryOpen(sealedText[(separator + 1)..], owner) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var sealer in _sealers.Values)
            sealer.Dispose();
    }

    /// <summary>The records of the vault in a store.</summary>
    internal static DocumentSet<VaultDocument> Documents(IStateStore store) => new(store, Kind, VaultJson.Default.VaultDocument);

    /// <summary>A new data key, wrapped.</summary>
    internal static DataKeyEntry MakeDataKey(MasterKey master, TimeProvider time)
    {
        var key = RandomNumberGenerator.GetBytes(SecretSealer.KeySize);
        var entry = master.Wrap("k" + RandomNumberGenerator.GetHexString(8, lowercase: true), key, time.GetUtcNow());
        CryptographicOperations.ZeroMemory(key);
        return entry;
    }

    private async ValueTask<AnchorFinding> HoldAsync(IStateStore store, CancellationToken cancellationToken)
    {
        var documents = Documents(store);
        while (true)
        {
            Versioned<VaultDocument>? found;
            try
            {
                found = await documents.GetAsync(DocumentId, cancellationToken);
            }
            catch (DamagedDocumentException e)
            {
                return new AnchorFinding.Foreign(e.Message);
            }

            if (found is null)
            {
                if (await documents.PutAsync(DocumentId, _document, StateWrite.Absent, cancellationToken) is not null)
                    return new AnchorFinding.PutBack();
                // Another server that shares the store was quicker.
                continue;
            }

            // Another master key, or more data keys beside ours: what is sealed here can still be opened.
            if (!found.Value.Keys.Any(entry => entry.Id == _current.Id && entry.CreatedAt == _current.CreatedAt))
                return new AnchorFinding.Foreign("The state has another vault than the one that this server was started with: it was emptied or exchanged. Put a backup of the state back, or start the server again.");
            _document = found.Value;
            return new AnchorFinding.Held();
        }
    }

    private static FrozenDictionary<string, SecretSealer> Unwrap(VaultDocument document, MasterKey master)
    {
        var sealers = new Dictionary<string, SecretSealer>(StringComparer.Ordinal);
        foreach (var entry in document.Keys)
        {
            var key = master.TryUnwrap(entry) ?? throw new StartupException($"The data key {entry.Id} of the vault is damaged. Put a backup of the state back.");
            sealers[entry.Id] = new SecretSealer(key);
            CryptographicOperations.ZeroMemory(key);
        }

        return sealers.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
