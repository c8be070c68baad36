using System.Globalization;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>What the fields of users and tokens must look like, and the answers that their routes share.</summary>
internal static class AccountFields
{
    /// <summary>Longest password that is read at all: rules give the reason beyond <see cref="PasswordRules.Longest"/>, and a right one is not longer.</summary>
    private const int LongestPassword = 1_024;

    /// <summary>A name.</summary>
    public static SettingType<string> Name { get; } = Text(AccountNames.Allowed, AccountNames.IsName);

    /// <summary>A name that somebody claims to have.</summary>
    public static SettingType<string> ClaimedName { get; } = Text($"1 to {AccountNames.LongestName} characters", text => text.Length is > 0 and <= AccountNames.LongestName);

    /// <summary>A password, right or wrong.</summary>
    public static SettingType<string> Password { get; } = Text($"1 to {LongestPassword} characters", text => text.Length is > 0 and <= LongestPassword);

    /// <summary>A secret that somebody claims to have.</summary>
    public static SettingType<string> ClaimedSecret { get; } = Text("the token of the link", text => text.Length is > 0 and <= 100);

    /// <summary>A role.</summary>
    public static SettingType<string> Role { get; } = Text("owner, operator or viewer", text => Roles.Parse(text) is not null);

    /// <summary>A scope.</summary>
    public static SettingType<string> Scope { get; } = Text("view, operate, manage or administer", text => PermissionNames.TryParse(text, out _));

    /// <summary>A time (RFC 3339) with its offset.</summary>
    public static SettingType<string> Time { get; } = Text("a time like 2030-01-31T12:00:00Z", text => TryTime(text, out _));

    /// <summary>Reads a <see cref="Time"/>.</summary>
    public static bool TryTime(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(
        text,
        ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"],
        CultureInfo.InvariantCulture,
        DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
        out time);

    /// <summary>Notes what is wrong with a new password.</summary>
    public static void CheckPassword(RequestFields fields, string field, string? password, string? userName)
    {
        if (password is not null && PasswordRules.Check(password, userName ?? "") is { } wrong)
            fields.Fail(field, wrong);
    }

    /// <summary>The answer to a refused change of users.</summary>
    public static IResult Refusal(UserRefusal refusal, HttpContext context) => refusal switch
    {
        UserRefusal.NotFound => Problem.Missing("user"),
        UserRefusal.Stale => Problem.Stale,
        UserRefusal.NameTaken => new Problem(StatusCodes.Status409Conflict, "name_taken", "Another user has this name."),
        UserRefusal.LastOwner => new Problem(StatusCodes.Status409Conflict, "last_owner", "There must be an owner who may log in.", "Make another user an owner first."),
        UserRefusal.TooMany => new Problem(StatusCodes.Status409Conflict, "too_many_users", $"There cannot be more than {AccountLimits.MostUsers} users."),
        UserRefusal.SetupDone => new Problem(StatusCodes.Status410Gone, "setup_done", "The set-up is done; its link does not work any more.", "Log in, or ask an owner for an account."),
        UserRefusal.LinkExpired => new Problem(StatusCodes.Status410Gone, "link_expired", "The link has ended.", "Ask an owner for a new one."),
        UserRefusal.WrongLink => new Problem(
            StatusCodes.Status403Forbidden, "wrong_setup_token", "This is not the token of the set-up link.", "The server prints a new link at each start, and the one before ends."),
        UserRefusal.Busy => Later(Problem.Busy, TimeSpan.FromSeconds(1), context),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, null),
    };

    /// <summary>The answer to a login.</summary>
    public static Problem Refusal(LoginResult result, HttpContext context) => result switch
    {
        LoginResult.Wait wait => Later(
            new Problem(StatusCodes.Status429TooManyRequests, "too_many_attempts", "There were too many attempts; wait, then try again.", "The Retry-After header says how long, in seconds."),
            wait.Time,
            context),
        LoginResult.Busy => Later(Problem.Busy, TimeSpan.FromSeconds(1), context),
        LoginResult.Wrong => new Problem(StatusCodes.Status401Unauthorized, "wrong_credentials", "Name or password is wrong."),
        _ => throw new ArgumentOutOfRangeException(nameof(result), result, null),
    };

    private static Problem Later(Problem problem, TimeSpan time, HttpContext context)
    {
        context.Response.Headers.RetryAfter = Math.Ceiling(time.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
        return problem;
    }

    private static SettingType<string> Text(string allowed, Func<string, bool> isGood) => new(allowed, (string text, out string value) =>
    {
        value = text;
        return isGood(text);
    });
}
