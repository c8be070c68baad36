namespace StreamManager.Server.Security.Accounts;

/// <summary>How many and how long. What is listed or copied into memory is bounded by these.</summary>
internal static class AccountLimits
{
    /// <summary>Users. A large production has some dozens; all of them are kept in memory.</summary>
    public const int MostUsers = 200;

    /// <summary>Tokens of one user (and of the administrator's token). One per script and machine; they go with the user in one write, so that they must fit into it beside the sessions.</summary>
    public const int MostTokensOfUser = 50;

    /// <summary>Sessions of one user: devices and browsers. One more ends the one that was used longest ago.</summary>
    public const int MostSessionsOfUser = 20;

    /// <summary>Addresses per user from which a login has succeeded: home, office, venue, mobile networks. One more forgets the oldest.</summary>
    public const int MostKnownAddresses = 16;

    /// <summary>How long a user's link works: it is sent on Friday and opened on Sunday, and one that was forgotten in a mailbox is worth nothing after that.</summary>
    public static readonly TimeSpan LinkLifetime = TimeSpan.FromHours(48);

    /// <summary>Longest name of a browser that is kept, in characters: enough to tell one's devices apart.</summary>
    public const int LongestClient = 200;

    /// <summary>A session that is not used for so long is over.</summary>
    public static readonly TimeSpan SessionIdleTime = TimeSpan.FromHours(24);

    /// <summary>A session is over after this in any case.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromDays(30);

    /// <summary>How exactly the last use of a session is kept: a dashboard asks each second, and the store need not know.</summary>
    public static readonly TimeSpan SessionUseStep = TimeSpan.FromMinutes(10);

    /// <summary>How exactly the last use of a token is kept.</summary>
    public static readonly TimeSpan TokenUseStep = TimeSpan.FromMinutes(1);
}
