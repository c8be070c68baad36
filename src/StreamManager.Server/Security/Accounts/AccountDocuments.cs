using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>The kinds of documents that hold accounts.</summary>
internal sealed class AccountDocuments(IStateStore store)
{
    /// <summary>Users, by their id.</summary>
    public DocumentSet<UserRecord> Users { get; } = new(store, "user", AccountJson.Default.UserRecord);

    /// <summary>Sessions, by the digest of their cookie.</summary>
    public DocumentSet<SessionRecord> Sessions { get; } = new(store, "session", AccountJson.Default.SessionRecord);

    /// <summary>Tokens, by their digest.</summary>
    public DocumentSet<TokenRecord> Tokens { get; } = new(store, "token", AccountJson.Default.TokenRecord);

    /// <summary>The one <see cref="SetupRecord"/>.</summary>
    public DocumentSet<SetupRecord> Setup { get; } = new(store, "setup", AccountJson.Default.SetupRecord);
}
