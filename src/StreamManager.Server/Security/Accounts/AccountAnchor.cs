using System.Collections.Immutable;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Keeps what the store must have about accounts: the <see cref="SetupRecord"/>, and with it the users, since a set-up that is over without any user would lock everybody out. Every change of users
/// writes the setup document too, so that its version says when they must be read again. Thread-safe.
/// </summary>
internal sealed class AccountAnchor(AccountDocuments documents)
{
    private sealed record Seen(Versioned<SetupRecord> Setup, ImmutableArray<Versioned<UserRecord>> Users);

    // Replaced whole. Null: there was none yet, and nothing is missed.
    private volatile Seen? _seen;

    /// <summary>For <see cref="AnchoredStore.Keep"/>.</summary>
    public StoreAnchor Anchor => new("the users", HoldAsync);

    private async ValueTask<AnchorFinding> HoldAsync(IStateStore store, CancellationToken cancellationToken)
    {
        while (true)
        {
            Versioned<SetupRecord>? setup;
            try
            {
                setup = await documents.Setup.GetAsync(UserBook.SetupId, cancellationToken);
            }
            catch (DamagedDocumentException e)
            {
                return new AnchorFinding.Foreign(e.Message);
            }

            var seen = _seen;
            if (setup is null)
            {
                if (seen is null)
                    return new AnchorFinding.Held();
                if (await PutBackAsync(store, seen, cancellationToken))
                    return new AnchorFinding.PutBack();
                // Another server was quicker.
                continue;
            }

            if (seen?.Setup.Version == setup.Version)
                return new AnchorFinding.Held();
            var users = (await documents.Users.ListReadableAsync(cancellationToken)).Readable;
            // Emptied in between: what was just read is not what they were.
            if ((await documents.Setup.GetAsync(UserBook.SetupId, cancellationToken))?.Version != setup.Version)
                continue;
            _seen = new Seen(setup, users);
            return new AnchorFinding.Held();
        }
    }

    private async Task<bool> PutBackAsync(IStateStore store, Seen seen, CancellationToken cancellationToken)
    {
        // Users first: whoever finds the setup document finds them, too. What is there already is somebody else's, and newer.
        foreach (var user in seen.Users)
            await store.WriteAsync([documents.Users.Put(user.Id, user.Value, StateWrite.Absent)], cancellationToken);

        return await store.WriteAsync([documents.Setup.Put(UserBook.SetupId, seen.Setup.Value, StateWrite.Absent)], cancellationToken) is StateWriteResult.Done;
    }
}
