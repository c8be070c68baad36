using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Slows down who guesses passwords, without locking anybody out for ever. Counted are an account from an address, an address whatever the account, and an account whatever the address.
/// The last two do not hold for an address from which that account has logged in before: a stranger who fails on purpose does not keep the owner at home out. Every wait is short and
/// ends by itself. Thread-safe.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    /// <summary>Tries of one account from one address without a wait: a person who mistypes is not punished.</summary>
    public const int FreePerPair = 5;

    /// <summary>Tries from one address without a wait: an office where some have forgotten theirs, or one who tries a password on many names.</summary>
    public const int FreePerAddress = 20;

    /// <summary>Tries of one account from addresses that it does not know, all together: somebody with many addresses gets this many and then one a minute.</summary>
    public const int FreePerAccount = 50;

    /// <summary>Longest wait. At one try a minute ten random letters last longer than the product; a person can wait a minute.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    // Looking and counting are one step.
    private readonly Lock _lock = new();
    private readonly FailureTable _pairs = new(time, FreePerPair, LongestWait);
    private readonly FailureTable _addresses = new(time, FreePerAddress, LongestWait);
    private readonly FailureTable _accounts = new(time, FreePerAccount, LongestWait);

    /// <summary>
    /// May this try be made? Zero: yes, and it counts as a failure until one of the other methods says otherwise, so that a hundred tries in one instant are not all the first.
    /// Else how long to wait.
    /// </summary>
    public TimeSpan Begin(LoginTry login)
    {
        lock (_lock)
        {
            var wait = _pairs.WaitOf(login.Pair);
            if (!login.IsKnown)
                wait = Longer(wait, Longer(_addresses.WaitOf(login.Address), _accounts.WaitOf(login.Account)));
            if (wait > TimeSpan.Zero)
                return wait;
            _pairs.Add(login.Pair);
            if (!login.IsKnown)
            {
                _addresses.Add(login.Address);
                _accounts.Add(login.Account);
            }
        }

        return TimeSpan.Zero;
    }

    /// <summary>The password was right.</summary>
    public void Succeeded(LoginTry login)
    {
        TakeBack(login);
        _pairs.Forget(login.Pair);
    }

    /// <summary>The password was not looked at.</summary>
    public void TakeBack(LoginTry login)
    {
        _pairs.TakeBack(login.Pair);
        if (!login.IsKnown)
        {
            _addresses.TakeBack(login.Address);
            _accounts.TakeBack(login.Account);
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>One try to log in.</summary>
internal sealed class LoginTry
{
    /// <summary>A try.</summary>
    /// <param name="name">The name as typed.</param>
    /// <param name="remoteAddress">From where.</param>
    /// <param name="knownAddresses">Where that account has logged in from before.</param>
    public LoginTry(string name, string remoteAddress, IEnumerable<string> knownAddresses)
    {
        Account = AccountNames.Key(name);
        Address = RefusalThrottle.AddressKey(remoteAddress);
        Pair = Address + " " + Account;
        IsKnown = knownAddresses.Contains(Address, StringComparer.Ordinal);
    }

    /// <summary>Key of the account.</summary>
    public string Account { get; }

    /// <summary>Key of the address.</summary>
    public string Address { get; }

    /// <summary>Key of both.</summary>
    public string Pair { get; }

    /// <summary>The account has logged in from there before.</summary>
    public bool IsKnown { get; }
}
