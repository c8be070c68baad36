using System.Collections.Immutable;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>A session that was just made.</summary>
/// <param name="Secret">What the cookie holds. Nobody sees it again.</param>
/// <param name="ExpiresAt">When it ends in any case.</param>
internal sealed record NewSession(Secret Secret, DateTimeOffset ExpiresAt);

/// <summary>Makes, finds and ends sessions. Thread-safe; throws like <see cref="IStateStore"/>.</summary>
internal sealed class SessionBook(
    IStateStore store,
    AccountDocuments documents,
    CredentialCache<SessionRecord> cache,
    UseRecorder<SessionRecord> uses,
    DamageReports reports,
    EventBus events,
    TimeProvider time)
{
    /// <summary>Makes a session of a user. With too many of them, the one that was used longest ago is ended.</summary>
    /// <param name="user">Whose.</param>
    /// <param name="address">From where.</param>
    /// <param name="client">What the browser calls itself; cut to <see cref="AccountLimits.LongestClient"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<NewSession> MakeAsync(Versioned<UserRecord> user, string address, string client, CancellationToken cancellationToken)
    {
        var secret = AccountSecret.Make();
        var now = time.GetUtcNow();
        var record = new SessionRecord(
            AccountSecret.NewId("ses_"), user.Id, user.Value.Stamp, now, now, address, client.Length > AccountLimits.LongestClient ? client[..AccountLimits.LongestClient] : client);
        var old = (await ListAsync(user.Id, cancellationToken))
            .OrderByDescending(session => session.Value.UsedAt)
            .Skip(AccountLimits.MostSessionsOfUser - 1)
            .Take(StateLimits.MostWrites - 1)
            .ToImmutableArray();
        await store.WriteAsync(
            [documents.Sessions.Put(AccountSecret.Digest(secret), record, StateWrite.Absent, StoredUntil(record)), .. old.Select(session => documents.Sessions.Remove(session.Id))],
            cancellationToken);
        foreach (var session in old)
            cache.Forget(session.Id);
        events.Publish(AccountEvents.SessionCreated(now, "user:" + user.Value.Name, user.Id, record.Id, address));
        return new NewSession(new Secret(secret), record.CreatedAt + AccountLimits.SessionLifetime);
    }

    /// <summary>Who has this cookie; null: nobody, or not any more. Notes the use.</summary>
    /// <exception cref="DamagedDocumentException">The session's user cannot be read.</exception>
    public async ValueTask<Caller?> FindAsync(string secret, Users users, CancellationToken cancellationToken)
    {
        var id = AccountSecret.Digest(secret);
        if (await ReadableAsync(cache.FindAsync(id, cancellationToken)) is not { } session)
            return null;
        var now = time.GetUtcNow();
        var record = session.Value;
        if (users.Find(record.UserId) is not { } user || !IsAlive(session, user, now))
            return null;
        if (now - record.UsedAt >= AccountLimits.SessionUseStep)
            uses.Record(id, now);
        return new Caller("user:" + user.Value.Name, Roles.PermissionsOf(user.Value.Role), user.Id)
        {
            SessionId = id,
            ExpiresAt = record.CreatedAt + AccountLimits.SessionLifetime,
        };
    }

    /// <summary>A user's sessions that are alive, the one used last first.</summary>
    public async Task<ImmutableArray<Versioned<SessionRecord>>> ListAsync(Versioned<UserRecord> user, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return [.. (await ListAsync(user.Id, cancellationToken)).Where(session => IsAlive(session, user, now)).OrderByDescending(session => session.Value.UsedAt)];
    }

    /// <summary>Ends a user's session by its id for people. False: there is no such session.</summary>
    public async Task<bool> EndAsync(string userId, string publicId, string actor, CancellationToken cancellationToken)
    {
        var sessions = await ListAsync(userId, cancellationToken);
        if (sessions.FirstOrDefault(session => session.Value.Id == publicId) is not { } found)
            return false;
        await EndAsync(found.Id, actor, cancellationToken);
        return true;
    }

    /// <summary>Ends a session by the id that the store has.</summary>
    public async Task EndAsync(string id, string actor, CancellationToken cancellationToken)
    {
        var session = await ReadableAsync(documents.Sessions.GetAsync(id, cancellationToken));
        await documents.Sessions.RemoveAsync(id, expectedVersion: null, cancellationToken);
        cache.Forget(id);
        if (session is not null)
            events.Publish(AccountEvents.SessionEnded(time.GetUtcNow(), actor, session.Value.UserId, session.Value.Id));
    }

    /// <summary>A record with a later use, and until when the store keeps it.</summary>
    internal static (SessionRecord Value, DateTimeOffset? ExpiresAt) Used(SessionRecord record, DateTimeOffset usedAt)
    {
        var used = record with { UsedAt = usedAt };
        return (used, StoredUntil(used));
    }

    private static DateTimeOffset StoredUntil(SessionRecord record)
    {
        // A little longer than it lives: its last use is known to a step only.
        var idle = record.UsedAt + AccountLimits.SessionIdleTime + AccountLimits.SessionUseStep;
        var end = record.CreatedAt + AccountLimits.SessionLifetime;
        return idle < end ? idle : end;
    }

    private bool IsAlive(Versioned<SessionRecord> session, Versioned<UserRecord> user, DateTimeOffset now)
    {
        var record = session.Value;
        var usedAt = uses.LastUse(session.Id) ?? record.UsedAt;
        return user.Value.IsEnabled
            && record.Stamp == user.Value.Stamp
            && now < record.CreatedAt + AccountLimits.SessionLifetime
            && now < usedAt + AccountLimits.SessionIdleTime;
    }

    private async Task<IEnumerable<Versioned<SessionRecord>>> ListAsync(string userId, CancellationToken cancellationToken)
    {
        var (readable, damaged) = await documents.Sessions.ListReadableAsync(cancellationToken);
        reports.Tell(damaged);
        return readable.Where(session => session.Value.UserId == userId);
    }

    /// <summary>A session that cannot be read is none: whoever had it logs in again.</summary>
    private async ValueTask<Versioned<SessionRecord>?> ReadableAsync(ValueTask<Versioned<SessionRecord>?> read)
    {
        try
        {
            return await read;
        }
        catch (DamagedDocumentException e)
        {
            reports.Tell(e);
            return null;
        }
    }
}
