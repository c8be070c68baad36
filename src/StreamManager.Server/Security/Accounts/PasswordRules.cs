using System.Collections.Frozen;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Which passwords are taken: long ones that are not the first which everybody tries. No rules about digits and signs, which lead to worse ones (NIST SP 800-63B, 3.1.1.2).</summary>
internal static class PasswordRules
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 10;

    /// <summary>Most characters: passphrases fit, and hashing one costs the same as any.</summary>
    public const int Longest = 256;

    /// <summary>The most common ones that are long enough, and what this product suggests.</summary>
    private static readonly FrozenSet<string> Common = FrozenSet.ToFrozenSet(
        [
            "1234567890", "0123456789", "1234567891", "12345678910", "123456789a", "0987654321", "9876543210", "1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwertyuiop", "qwertzuiop",
            "azertyuiop", "qwerty12345", "qwerty123456", "qwerty1234", "asdfghjkl123", "abcdefghij", "abcdefghijk", "abcd123456", "abc1234567", "a123456789", "password12", "password123",
            "password1234", "password12345", "passwordpassword", "p@ssw0rd123", "passw0rd123", "mypassword", "mypassword123", "iloveyou123", "iloveyouso", "letmein123", "letmeinletmein",
            "welcome123", "welcome1234", "changeme123", "changemechangeme", "change-me-now", "administrator", "administrator1", "admin12345", "admin123456", "adminadmin", "superadmin",
            "rootroot12", "testtest12", "test123456", "testpassword", "defaultpassword", "secret1234", "secretpassword", "qazwsxedcrfv", "football123", "princess123", "sunshine123",
            "livestream", "livestream1", "livestreaming", "streammanager", "stream-manager", "stream manager", "streaming123", "broadcast1", "broadcaster", "obsstudio1", "obs-studio1",
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Check(string password, string userName)
    {
        if (password.EnumerateRunes().Count() < Shortest)
            return $"must have {Shortest} characters or more";
        if (password.Length > Longest)
            return $"must not have more than {Longest} characters";
        if (password.Distinct().Count() < 3)
            return "must not be the same few characters again and again";
        if (Common.Contains(password))
            return "is one of the passwords that are tried first; choose another one";
        return IsMadeOf(password, userName) ? "must not be made of the name" : null;
    }

    /// <summary>The name, backwards, repeated, or with a few characters at its ends.</summary>
    private static bool IsMadeOf(string password, string userName)
    {
        const int fewCharacters = 4;
        if (userName.Length < 3)
            return false;
        var rest = password.Replace(userName, "", StringComparison.OrdinalIgnoreCase);
        var backwards = new string([.. userName.Reverse()]);
        return (rest.Length < password.Length && rest.Length <= fewCharacters) || string.Equals(password, backwards, StringComparison.OrdinalIgnoreCase);
    }
}
