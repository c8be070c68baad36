using System.Collections.Immutable;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>A token that was just made.</summary>
/// <param name="Secret">The token itself. Nobody sees it again.</param>
/// <param name="Record">What is kept.</param>
internal sealed record NewToken(Secret Secret, TokenRecord Record);

/// <summary>Makes, finds and removes API tokens. Thread-safe; throws like <see cref="IStateStore"/>.</summary>
internal sealed class TokenBook(
    AccountDocuments documents, CredentialCache<TokenRecord> cache, UseRecorder<TokenRecord> uses, EventBus events, TimeProvider time) : IDisposable
{
    // Counting and adding are one step.
    private readonly SemaphoreSlim _making = new(1);

    /// <summary>Makes a token for the caller; the caller has checked that it gives away no more than it has. Null: there are <see cref="AccountLimits.MostTokensOfUser"/>.</summary>
    public async Task<NewToken?> MakeAsync(Caller maker, string name, Permissions scopes, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        await _making.WaitAsync(cancellationToken);
        try
        {
            var (all, _) = await documents.Tokens.ListReadableAsync(cancellationToken);
            if (all.Count(token => token.Value.UserId == maker.UserId) >= AccountLimits.MostTokensOfUser)
                return null;
            var secret = AccountSecret.Make(AccountSecret.TokenPrefix);
            var record = new TokenRecord(AccountSecret.NewId("tok_"), name, scopes, maker.UserId, time.GetUtcNow(), maker.Actor, expiresAt, UsedAt: null);
            await documents.Tokens.PutAsync(AccountSecret.Digest(secret), record, StateWrite.Absent, cancellationToken, expiresAt);
            events.Publish(AccountEvents.TokenCreated(record.CreatedAt, maker.Actor, record));
            return new NewToken(new Secret(secret), record);
        }
        finally
        {
            _making.Release();
        }
    }

    /// <summary>Who has this token; null: nobody, or not any more. Notes the use.</summary>
    public async ValueTask<Caller?> FindAsync(string secret, UserDirectory directory, CancellationToken cancellationToken)
    {
        var id = AccountSecret.Digest(secret);
        if (await cache.FindAsync(id, cancellationToken) is not { } token)
            return null;
        var now = time.GetUtcNow();
        var record = token.Value;
        if (record.ExpiresAt <= now)
            return null;
        var permissions = record.Scopes;
        if (record.UserId is { } userId)
        {
            // A user who may less than before has tokens that may less than before.
            if ((await directory.GetAsync(cancellationToken)).Find(userId) is not { Value.IsEnabled: true } user)
                return null;
            permissions &= Roles.PermissionsOf(user.Value.Role);
        }

        if (record.UsedAt is not { } usedAt || now - usedAt >= AccountLimits.TokenUseStep)
            uses.Record(id, now);
        return new Caller("token:" + record.Name, permissions, record.UserId) { TokenId = record.Id, ExpiresAt = record.ExpiresAt };
    }

    /// <summary>The tokens that a caller may see, oldest first: the own ones, and everybody's with <see cref="Permissions.Administer"/>.</summary>
    public async Task<ImmutableArray<Versioned<TokenRecord>>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var seesAll = caller.Permissions.HasFlag(Permissions.Administer);
        var all = await documents.Tokens.ListAsync(cancellationToken);
        return [.. all.Where(token => (seesAll || (caller.UserId is { } id && token.Value.UserId == id)) && !(token.Value.ExpiresAt <= now)).OrderBy(token => token.Value.CreatedAt)];
    }

    /// <summary>When a token was last used, written or not.</summary>
    public DateTimeOffset? LastUse(Versioned<TokenRecord> token) => uses.LastUse(token.Id) ?? token.Value.UsedAt;

    /// <summary>Removes a token.</summary>
    public async Task RemoveAsync(Versioned<TokenRecord> token, string actor, CancellationToken cancellationToken)
    {
        await documents.Tokens.RemoveAsync(token.Id, expectedVersion: null, cancellationToken);
        cache.Forget(token.Id);
        events.Publish(AccountEvents.TokenRemoved(time.GetUtcNow(), actor, token.Value));
    }

    /// <inheritdoc/>
    public void Dispose() => _making.Dispose();

    /// <summary>A record with a later use, and until when the store keeps it.</summary>
    internal static (TokenRecord Value, DateTimeOffset? ExpiresAt) Used(TokenRecord record, DateTimeOffset usedAt) => (record with { UsedAt = usedAt }, record.ExpiresAt);
}
