using System.Collections.Frozen;
using System.Collections.Immutable;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>All users in memory, as the store has them: read again when it says that something changed. While it is away the copy goes on being used. Thread-safe.</summary>
internal sealed class UserDirectory : IDisposable
{
    private readonly DocumentSet<UserRecord> _documents;
    private readonly DamageReports _reports;
    private readonly TimeProvider _time;
    private readonly IDisposable _subscription;
    private readonly SemaphoreSlim _reading = new(1);
    private Users? _users;
    private int _changes;

    /// <summary>An empty copy; the first question reads it.</summary>
    public UserDirectory(IStateStore store, DocumentSet<UserRecord> documents, DamageReports reports, TimeProvider time)
    {
        _documents = documents;
        _reports = reports;
        _time = time;
        _subscription = store.Subscribe(OnChange);
    }

    /// <summary>The users. Usually done at once.</summary>
    /// <exception cref="StoreUnavailableException">They were never read, and the store is away.</exception>
    public ValueTask<Users> GetAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _users) is not { } users || users.Changes != Volatile.Read(ref _changes))
            return new ValueTask<Users>(ReadAsync(cancellationToken));
        if (_time.GetElapsedTime(Volatile.Read(ref users.CheckedAt)) >= users.FreshFor)
            _ = CheckAsync(users);
        return new ValueTask<Users>(users);
    }

    /// <summary>A change was made here: the next question reads, without waiting for the store to tell.</summary>
    public void MarkChanged() => Interlocked.Increment(ref _changes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _subscription.Dispose();
        _reading.Dispose();
    }

    private async Task<Users> ReadAsync(CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            // Who waited may find that another has read them.
            var changes = Volatile.Read(ref _changes);
            if (_users is { } read && read.Changes == changes && _time.GetElapsedTime(read.ReadAt) < read.FreshFor)
                return read;
            var users = await ReadAsync(_users, changes, cancellationToken);
            Volatile.Write(ref _users, users);
            return users;
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<Users> ReadAsync(Users? old, int changes, CancellationToken cancellationToken)
    {
        try
        {
            var (readable, damaged) = await StoreReads.WithinAsync(_documents.ListReadableAsync, _time, cancellationToken);
            _reports.Tell(damaged);
            return new Users(readable, [.. damaged.Select(DamagedUser.Of)], changes, _time.GetTimestamp(), StoreReads.FreshTime);
        }
        catch (StoreUnavailableException) when (old is not null)
        {
            return new Users(old.All, old.Damaged, changes, _time.GetTimestamp(), StoreReads.RetryTime);
        }
    }

    /// <summary>Reads them again beside the request; one at a time, since the time is set first.</summary>
    private async Task CheckAsync(Users users)
    {
        var seen = Volatile.Read(ref users.CheckedAt);
        if (Interlocked.CompareExchange(ref users.CheckedAt, _time.GetTimestamp(), seen) != seen)
            return;
        try
        {
            await ReadAsync(CancellationToken.None);
        }
        catch (ObjectDisposedException)
        {
            // The server ends.
        }
    }

    private void OnChange(StateChange change)
    {
        var concernsUsers = change switch
        {
            StateChange.Written written => written.Kind == _documents.Kind,
            StateChange.Removed removed => removed.Kind == _documents.Kind,
            _ => true,
        };
        if (concernsUsers)
            MarkChanged();
    }
}

/// <summary>All users at one time. Immutable but for the clock of its owner.</summary>
internal sealed class Users
{
    private readonly FrozenDictionary<string, Versioned<UserRecord>> _byId;
    private readonly Dictionary<string, Versioned<UserRecord>> _byName = new(StringComparer.Ordinal);

    internal Users(ImmutableArray<Versioned<UserRecord>> all, ImmutableArray<DamagedUser> damaged, int changes, long readAt, TimeSpan freshFor)
    {
        All = all;
        Damaged = damaged;
        Changes = changes;
        ReadAt = readAt;
        CheckedAt = readAt;
        FreshFor = freshFor;
        _byId = all.ToFrozenDictionary(user => user.Id, StringComparer.Ordinal);
        foreach (var user in all)
            _byName.TryAdd(AccountNames.Key(user.Value.Name), user);
    }

    /// <summary>All that can be read.</summary>
    public ImmutableArray<Versioned<UserRecord>> All { get; }

    /// <summary>The others.</summary>
    public ImmutableArray<DamagedUser> Damaged { get; }

    internal int Changes { get; }

    internal long ReadAt { get; }

    internal TimeSpan FreshFor { get; }

    /// <summary>When the owner of the copy last thought of reading it again.</summary>
    internal long CheckedAt;

    /// <summary>By id; null: there is none.</summary>
    /// <exception cref="DamagedDocumentException">The user is there and cannot be read.</exception>
    public Versioned<UserRecord>? Find(string id) => FindDamaged(id) is { } damaged ? throw damaged.ToException() : _byId.GetValueOrDefault(id);

    /// <summary>One that cannot be read, by id; null: there is no such one.</summary>
    public DamagedUser? FindDamaged(string id) => Damaged.FirstOrDefault(user => user.Id == id);

    /// <summary>By name, whatever its case; null: there is none.</summary>
    public Versioned<UserRecord>? FindByName(string name) => _byName.GetValueOrDefault(AccountNames.Key(name));

    /// <summary>One that cannot be read and has this name; null: there is none.</summary>
    public DamagedUser? FindDamagedByName(string name) =>
        Damaged.FirstOrDefault(user => user.Name is { } known && AccountNames.Key(known) == AccountNames.Key(name));

    /// <summary>Is there an owner who may come in, other than this user?</summary>
    public bool HasOwnerBeside(string? id) => All.Any(user => user.Value.IsOwnerWithKey && user.Id != id);
}
