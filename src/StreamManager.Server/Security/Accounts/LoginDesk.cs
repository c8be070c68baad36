using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Outcome of a login.</summary>
internal abstract record LoginResult
{
    private LoginResult()
    {
    }

    /// <summary>Name and password are right.</summary>
    public sealed record Done(Versioned<UserRecord> User, NewSession Session) : LoginResult;

    /// <summary>They are not, or the user is disabled; which of it is not told.</summary>
    public sealed record Wrong : LoginResult;

    /// <summary>There were too many tries; the password was not looked at.</summary>
    public sealed record Wait(TimeSpan Time) : LoginResult;

    /// <summary>Passwords are being checked as fast as allowed; it was not looked at.</summary>
    public sealed record Busy : LoginResult;
}

/// <summary>Lets users in by name and password. Thread-safe; throws like <see cref="IStateStore"/>.</summary>
internal sealed class LoginDesk(
    UserDirectory directory, UserBook users, AccountDocuments documents, SessionBook sessions, PasswordHashing passwords, EventBus events, TimeProvider time)
{
    private readonly LoginThrottle _throttle = new(time);

    /// <summary>Tries to log in.</summary>
    /// <exception cref="DamagedDocumentException">The user with this name, or one who may have it, cannot be read.</exception>
    public async Task<LoginResult> LogInAsync(string name, string password, string address, string client, CancellationToken cancellationToken)
    {
        var all = await directory.GetAsync(cancellationToken);
        var user = all.FindByName(name);
        var login = new LoginTry(name, address, user?.Value.KnownAddresses ?? []);
        var (check, refusal) = await CheckAsync(user, login, password, address, cancellationToken);
        // Only now, so that whoever asks for names waits as for any guess.
        if (refusal is LoginResult.Wrong && user is null && (all.FindDamagedByName(name) ?? all.Damaged.FirstOrDefault(damaged => damaged.Name is null)) is { } unreadable)
            throw unreadable.ToException();
        if (refusal is not null)
            return refusal;
        var session = await sessions.MakeAsync(user!, address, client, cancellationToken);
        await RememberAsync(user!, login, check!.NeedsRehash ? await passwords.HashAsync(password, cancellationToken) : null, cancellationToken);
        return new LoginResult.Done(user!, session);
    }

    /// <summary>Changes the own password of a user who knows the old one. Every session of the user ends; a new one comes with the result.</summary>
    public async Task<LoginResult> ChangePasswordAsync(
        Versioned<UserRecord> user, string oldPassword, string newPassword, string address, string client, CancellationToken cancellationToken)
    {
        var login = new LoginTry(user.Value.Name, address, user.Value.KnownAddresses);
        var (_, refusal) = await CheckAsync(user, login, oldPassword, address, cancellationToken);
        if (refusal is not null)
            return refusal;
        var result = await users.ChangeAsync(user.Id, new UserChange(Password: newPassword), "user:" + user.Value.Name, cancellationToken);
        if (result.User is not { } changed)
            return result.Refusal is UserRefusal.Busy ? new LoginResult.Busy() : new LoginResult.Wrong();
        return new LoginResult.Done(changed, await sessions.MakeAsync(changed, address, client, cancellationToken));
    }

    /// <summary>One of the two: the password is right and the user may come in, or the answer.</summary>
    private async Task<(PasswordCheck? Right, LoginResult? Refusal)> CheckAsync(
        Versioned<UserRecord>? user, LoginTry login, string password, string address, CancellationToken cancellationToken)
    {
        var wait = _throttle.Begin(login);
        if (wait > TimeSpan.Zero)
            return (null, new LoginResult.Wait(wait));

        // Whatever happens before the password was looked at is no guess.
        PasswordCheck? check = null;
        try
        {
            check = await passwords.CheckAsync(user?.Value.PasswordHash ?? PasswordHashing.HashOfNobody, password, login.IsKnown, cancellationToken);
        }
        finally
        {
            if (check is null)
                _throttle.TakeBack(login);
        }

        if (check is null)
            return (null, new LoginResult.Busy());
        if (check.IsRight && user is { Value.IsEnabled: true })
        {
            _throttle.Succeeded(login);
            return (check, null);
        }

        // A name that is nobody's may be a password in the wrong field.
        if (user is not null)
            events.Publish(AccountEvents.LoginFailed(time.GetUtcNow(), user.Id, user.Value.Name, address));
        return (null, new LoginResult.Wrong());
    }

    /// <summary>Keeps the address and a newer hash. Who changes the user at the same time wins: the next login does it again.</summary>
    private async Task RememberAsync(Versioned<UserRecord> user, LoginTry login, string? newHash, CancellationToken cancellationToken)
    {
        if (login.IsKnown && newHash is null)
            return;
        var record = user.Value;
        var addresses = record.KnownAddresses.Remove(login.Address).Add(login.Address);
        if (addresses.Length > AccountLimits.MostKnownAddresses)
            addresses = addresses.RemoveAt(0);
        await documents.Users.PutAsync(user.Id, record with { KnownAddresses = addresses, PasswordHash = newHash ?? record.PasswordHash }, user.Version, cancellationToken);
        directory.MarkChanged();
    }
}
