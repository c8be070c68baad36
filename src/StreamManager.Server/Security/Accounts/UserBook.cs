using System.Collections.Immutable;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Why users were not changed.</summary>
internal enum UserRefusal
{
    /// <summary>There is no such user.</summary>
    NotFound = 1,

    /// <summary>Another user has the name.</summary>
    NameTaken = 2,

    /// <summary>No owner who may come in would be left.</summary>
    LastOwner = 3,

    /// <summary>There are <see cref="AccountLimits.MostUsers"/>.</summary>
    TooMany = 4,

    /// <summary>Passwords are being checked as fast as allowed; try again in a moment.</summary>
    Busy = 5,

    /// <summary>There is or was an owner: the set-up is over.</summary>
    SetupDone = 6,

    /// <summary>It is not the token of a link, or not any more.</summary>
    WrongLink = 7,

    /// <summary>The user is not as the caller thinks any more.</summary>
    Stale = 8,

    /// <summary>It is the token of a link that has ended.</summary>
    LinkExpired = 9,
}

/// <summary>Outcome of a change of users: one of the two.</summary>
internal sealed record UserResult(Versioned<UserRecord>? User, UserRefusal Refusal = default)
{
    /// <summary>Token of the user's new link; null: none was made.</summary>
    public Secret? LinkToken { get; init; }

    /// <summary>Nothing was changed.</summary>
    public static UserResult Refused(UserRefusal refusal) => new(null, refusal);
}

/// <summary>What shall be changed about a user; null: as it is.</summary>
internal sealed record UserChange(string? Name = null, Role? Role = null, string? Password = null, bool? IsEnabled = null)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => nameof(UserChange);
}

/// <summary>
/// Makes, changes and removes users. Every change is checked against all users as the store has them and written together with the <see cref="SetupRecord"/>, so that what is true of
/// all of them (names differ, an owner is left) stays true whoever else changes something. Thread-safe; throws like <see cref="IStateStore"/>.
/// </summary>
internal sealed class UserBook(
    IStateStore store, AccountDocuments documents, UserDirectory directory, PasswordHashing passwords, EventBus events, TimeProvider time) : IDisposable
{
    /// <summary>Id of the one <see cref="SetupRecord"/>.</summary>
    public const string SetupId = "accounts";

    /// <summary>Tries against others who change users too. More would mean that somebody does nothing else.</summary>
    private const int MostTries = 20;

    private readonly SemaphoreSlim _changing = new(1);

    // Once done, done for ever: open routes ask, and need not reach the store.
    private volatile bool _isSetupDone;

    /// <summary>Makes a user.</summary>
    public async Task<UserResult> AddAsync(string name, Role role, string password, bool isEnabled, string actor, CancellationToken cancellationToken)
    {
        if (await passwords.HashAsync(password, cancellationToken) is not { } hash)
            return UserResult.Refused(UserRefusal.Busy);
        return await ChangeAsync((users, setup) => Add(users, setup, New(name, role, hash, isEnabled), AccountEvents.UserCreated, actor), cancellationToken);
    }

    /// <summary>Makes a user without a password; <see cref="UserResult.LinkToken"/> is for who is to set one.</summary>
    public async Task<UserResult> InviteAsync(string name, Role role, bool isEnabled, string actor, CancellationToken cancellationToken)
    {
        var (token, link) = NewLink();
        var invited = New(name, role, PasswordHashing.HashOfNobody, isEnabled) with { HasPassword = false, Link = link };
        var result = await ChangeAsync((users, setup) => Add(users, setup, invited, AccountEvents.UserCreated, actor), cancellationToken);
        return result.User is null ? result : result with { LinkToken = token };
    }

    /// <summary>Makes a link by which a user sets a password, in place of the one before. The password that the user has works until the link is used.</summary>
    public async Task<UserResult> MakeUserLinkAsync(string id, string actor, CancellationToken cancellationToken)
    {
        var (token, link) = NewLink();
        var result = await ChangeAsync(
            (users, setup) =>
            {
                if (users.Find(id) is not { } user)
                    return Plan.Refuse(UserRefusal.NotFound);
                var after = user.Value with { Link = link };
                return new Plan(id, after, [documents.Users.Put(id, after, user.Version)]) { Tell = () => events.Publish(AccountEvents.LinkMade(time.GetUtcNow(), actor, id, after, link.ExpiresAt)) };
            },
            cancellationToken);
        return result.User is null ? result : result with { LinkToken = token };
    }

    /// <summary>Whose link it is.</summary>
    public async Task<UserResult> FindByLinkAsync(string token, CancellationToken cancellationToken)
    {
        var user = AccountSecret.IsWellFormed(token, AccountSecret.LinkPrefix) ? FindByLink(await directory.GetAsync(cancellationToken), AccountSecret.Digest(token)) : null;
        return RefusalOf(user) is { } refusal ? UserResult.Refused(refusal) : new UserResult(user);
    }

    /// <summary>Sets the password of the user whose link it is. The link is used up, and all sessions of the user end.</summary>
    public async Task<UserResult> UseLinkAsync(string token, string password, string address, CancellationToken cancellationToken)
    {
        // Only who has the link makes the processor work.
        if ((await FindByLinkAsync(token, cancellationToken)) is { User: null } refused)
            return refused;
        if (await passwords.HashAsync(password, cancellationToken) is not { } hash)
            return UserResult.Refused(UserRefusal.Busy);
        var digest = AccountSecret.Digest(token);
        return await ChangeAsync(
            (users, setup) =>
            {
                var user = FindByLink(users, digest);
                if (RefusalOf(user) is { } late)
                    return Plan.Refuse(late);
                var after = user!.Value with { PasswordHash = hash, HasPassword = true, Link = null, Stamp = AccountSecret.NewId("") };
                return new Plan(user.Id, after, [documents.Users.Put(user.Id, after, user.Version)])
                {
                    EndsSetup = after.Role is Role.Owner,
                    Tell = () => events.Publish(AccountEvents.LinkUsed(time.GetUtcNow(), user.Id, after, address)),
                };
            },
            cancellationToken);
    }

    /// <summary>Makes the first owner by the link's token and ends the set-up for ever.</summary>
    public async Task<UserResult> SetUpAsync(string linkToken, string name, string password, CancellationToken cancellationToken)
    {
        // Only who has the link makes the processor work.
        if (!await IsSetupNeededAsync(cancellationToken))
            return UserResult.Refused(UserRefusal.SetupDone);
        if (RefusalOf(await documents.Setup.GetAsync(SetupId, cancellationToken), linkToken) is { } refusal)
            return UserResult.Refused(refusal);
        if (await passwords.HashAsync(password, cancellationToken) is not { } hash)
            return UserResult.Refused(UserRefusal.Busy);
        return await ChangeAsync(
            (users, setup) => RefusalOf(setup, linkToken) is { } late
                ? Plan.Refuse(late)
                : Add(users, setup, New(name, Role.Owner, hash, isEnabled: true), AccountEvents.SetupCompleted, "setup"),
            cancellationToken);
    }

    /// <summary>Makes a new set-up link, and forgets the one before. Null: the set-up is over.</summary>
    public async Task<Secret?> MakeLinkAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < MostTries; i++)
        {
            var setup = await documents.Setup.GetAsync(SetupId, cancellationToken);
            if (setup?.Value.IsDone is true)
                return null;
            var token = AccountSecret.Make();
            var record = new SetupRecord(IsDone: false, AccountSecret.Digest(token));
            if (await documents.Setup.PutAsync(SetupId, record, setup?.Version ?? StateWrite.Absent, cancellationToken) is not null)
                return new Secret(token);
        }

        throw Contended();
    }

    /// <summary>Is the set-up still to be done?</summary>
    public async Task<bool> IsSetupNeededAsync(CancellationToken cancellationToken)
    {
        if (!_isSetupDone)
            _isSetupDone = (await documents.Setup.GetAsync(SetupId, cancellationToken))?.Value.IsDone is true;
        return !_isSetupDone;
    }

    /// <summary>Changes a user. A new password, role or switch ends the user's sessions.</summary>
    /// <param name="id">The user.</param>
    /// <param name="change">What shall be changed.</param>
    /// <param name="actor">Who does it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="isCurrent">Asked with the user as it is when it is changed; false: <see cref="UserRefusal.Stale"/>. Null: always.</param>
    public async Task<UserResult> ChangeAsync(string id, UserChange change, string actor, CancellationToken cancellationToken, Func<Versioned<UserRecord>, bool>? isCurrent = null)
    {
        string? hash = null;
        if (change.Password is { } password && (hash = await passwords.HashAsync(password, cancellationToken)) is null)
            return UserResult.Refused(UserRefusal.Busy);
        return await ChangeAsync((users, setup) => Replace(users, id, change, hash, actor, isCurrent), cancellationToken);
    }

    /// <summary>Removes a user, with all tokens and sessions. <paramref name="isCurrent"/> as with a change.</summary>
    public async Task<UserResult> RemoveAsync(string id, string actor, CancellationToken cancellationToken, Func<Versioned<UserRecord>, bool>? isCurrent = null)
    {
        // What cannot be read is worth nothing without a user either.
        var (tokens, _) = await documents.Tokens.ListReadableAsync(cancellationToken);
        var (sessions, _) = await documents.Sessions.ListReadableAsync(cancellationToken);
        ImmutableArray<StateWrite> owned =
        [
            .. tokens.Where(token => token.Value.UserId == id).Select(token => documents.Tokens.Remove(token.Id)),
            .. sessions.Where(session => session.Value.UserId == id).Select(session => documents.Sessions.Remove(session.Id)),
        ];

        // Without a user the rest is worth nothing either.
        var fitting = owned.Take(StateLimits.MostWrites - 2).ToImmutableArray();
        return await ChangeAsync((users, setup) => Remove(users, id, fitting, actor, isCurrent), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _changing.Dispose();

    private static UserRefusal? RefusalOf(Versioned<SetupRecord>? setup, string linkToken)
    {
        if (setup?.Value.IsDone is true)
            return UserRefusal.SetupDone;
        return setup?.Value.LinkDigest is { } digest && digest == AccountSecret.Digest(linkToken) ? null : UserRefusal.WrongLink;
    }

    private static Versioned<UserRecord>? FindByLink(Users users, string digest) => users.All.FirstOrDefault(user => user.Value is { IsEnabled: true, Link: { } link } && link.Digest == digest);

    private UserRefusal? RefusalOf(Versioned<UserRecord>? user)
    {
        if (user?.Value.Link is not { } link)
            return UserRefusal.WrongLink;
        return link.ExpiresAt <= time.GetUtcNow() ? UserRefusal.LinkExpired : null;
    }

    private (Secret Token, UserLink Link) NewLink()
    {
        var token = AccountSecret.Make(AccountSecret.LinkPrefix);
        return (new Secret(token), new UserLink(AccountSecret.Digest(token), time.GetUtcNow() + AccountLimits.LinkLifetime));
    }

    private UserRecord New(string name, Role role, string hash, bool isEnabled) => new(name, role, hash, AccountSecret.NewId(""), isEnabled, time.GetUtcNow(), []);

    private Plan Add(Users users, Versioned<SetupRecord>? setup, UserRecord user, Func<DateTimeOffset, string, string, UserRecord, ServerEvent> happened, string actor)
    {
        if (users.FindByName(user.Name) is not null || users.FindDamagedByName(user.Name) is not null)
            return Plan.Refuse(UserRefusal.NameTaken);
        if (users.All.Length + users.Damaged.Length >= AccountLimits.MostUsers)
            return Plan.Refuse(UserRefusal.TooMany);
        var id = AccountSecret.NewId("usr_");
        return new Plan(id, user, [documents.Users.Put(id, user, StateWrite.Absent)])
        {
            EndsSetup = user is { Role: Role.Owner, HasPassword: true },
            Tell = () => events.Publish(happened(time.GetUtcNow(), actor, id, user)),
        };
    }

    private Plan Replace(Users users, string id, UserChange change, string? hash, string actor, Func<Versioned<UserRecord>, bool>? isCurrent)
    {
        if (users.Find(id) is not { } user)
            return Plan.Refuse(UserRefusal.NotFound);
        if (isCurrent?.Invoke(user) is false)
            return Plan.Refuse(UserRefusal.Stale);
        var before = user.Value;
        var after = before with
        {
            Name = change.Name ?? before.Name,
            Role = change.Role ?? before.Role,
            PasswordHash = hash ?? before.PasswordHash,
            IsEnabled = change.IsEnabled ?? before.IsEnabled,
            HasPassword = hash is not null || before.HasPassword,

            // Who has a password now needs no link, and a forgotten one must not change it later.
            Link = hash is null ? before.Link : null,
        };
        if ((users.FindByName(after.Name) is { } namesake && namesake.Id != id) || users.FindDamagedByName(after.Name) is not null)
            return Plan.Refuse(UserRefusal.NameTaken);
        if (before.IsOwnerWithKey && !after.IsOwnerWithKey && !users.HasOwnerBeside(id))
            return Plan.Refuse(UserRefusal.LastOwner);
        if (hash is not null || after.Role != before.Role || after.IsEnabled != before.IsEnabled)
            after = after with { Stamp = AccountSecret.NewId("") };

        ImmutableArray<string> changed =
        [
            .. after.Name != before.Name ? ["name"] : Array.Empty<string>(),
            .. after.Role != before.Role ? ["role"] : Array.Empty<string>(),
            .. hash is not null ? ["password"] : Array.Empty<string>(),
            .. after.IsEnabled != before.IsEnabled ? ["enabled"] : Array.Empty<string>(),
        ];
        return new Plan(id, after, [documents.Users.Put(id, after, user.Version)])
        {
            EndsSetup = after is { Role: Role.Owner, HasPassword: true },
            Tell = () => events.Publish(AccountEvents.UserChanged(time.GetUtcNow(), actor, id, after, changed)),
        };
    }

    private Plan Remove(Users users, string id, ImmutableArray<StateWrite> owned, string actor, Func<Versioned<UserRecord>, bool>? isCurrent)
    {
        var damaged = users.FindDamaged(id);
        if ((damaged?.ToRemoved() ?? users.Find(id)) is not { } user)
            return Plan.Refuse(UserRefusal.NotFound);
        if (isCurrent?.Invoke(user) is false)
            return Plan.Refuse(UserRefusal.Stale);
        // One that cannot be read may have been the last owner.
        if ((damaged is not null || user.Value.IsOwnerWithKey) && !users.HasOwnerBeside(id))
            return Plan.Refuse(UserRefusal.LastOwner);
        return new Plan(id, user.Value, [documents.Users.Remove(id, user.Version), .. owned])
        {
            Tell = () => events.Publish(AccountEvents.UserRemoved(time.GetUtcNow(), actor, id, user.Value)),
        };
    }

    private async Task<UserResult> ChangeAsync(Func<Users, Versioned<SetupRecord>?, Plan> decide, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            for (var i = 0; i < MostTries; i++)
            {
                // In this order: whoever changes users after the first read changes its document too.
                var setup = await documents.Setup.GetAsync(SetupId, cancellationToken);
                var (readable, damaged) = await documents.Users.ListReadableAsync(cancellationToken);
                var users = new Users(readable, [.. damaged.Select(DamagedUser.Of)], changes: 0, readAt: 0, TimeSpan.Zero);
                var plan = decide(users, setup);
                if (plan.User is null)
                    return UserResult.Refused(plan.Refusal);
                var next = plan.EndsSetup ? new SetupRecord(IsDone: true, null) : setup?.Value ?? new SetupRecord(IsDone: false, null);
                var writes = plan.Writes.Add(documents.Setup.Put(SetupId, next, setup?.Version ?? StateWrite.Absent));
                if (await store.WriteAsync(writes, cancellationToken) is StateWriteResult.Done done)
                {
                    directory.MarkChanged();
                    plan.Tell();
                    return new UserResult(new Versioned<UserRecord>(plan.Id, plan.User, done.Version, null));
                }
            }
        }
        finally
        {
            _changing.Release();
        }

        throw Contended();
    }

    private static StoreUnavailableException Contended() => new("The users are being changed by others all the time. Try again.");

    /// <summary>A decided change, or why there is none.</summary>
    private sealed record Plan(string Id, UserRecord? User, ImmutableArray<StateWrite> Writes)
    {
        public UserRefusal Refusal { get; private init; }

        public bool EndsSetup { get; init; }

        public Action Tell { get; init; } = () => { };

        public static Plan Refuse(UserRefusal refusal) => new("", null, []) { Refusal = refusal };
    }
}
