using System.Globalization;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Names of users and tokens. The server runs without the tables of Unicode normalisation, so that what has a composed form must come composed: then two names that look the same
/// are the same text, but for case.
/// </summary>
internal static class AccountNames
{
    /// <summary>Longest name in characters.</summary>
    public const int LongestName = 64;

    /// <summary>What is allowed, for error texts.</summary>
    public const string Allowed = "1 to 64 visible characters, without white space at the ends; a letter with its accent is one character, not two";

    /// <summary>Can it be a name?</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && text.Trim() == text
        && text.EnumerateRunes().All(IsAllowed);

    /// <summary>Names with the same key are the same name.</summary>
    public static string Key(string name) => name.ToUpperInvariant();

    private static bool IsAllowed(System.Text.Rune rune) => rune.Value switch
    {
        // Marks of Latin, Greek and Cyrillic letters, of kana, Hangul in pieces, and signs that stand for letters: all have a composed or plain form.
        (>= 0x300 and <= 0x36F) or 0x3099 or 0x309A or (>= 0x1100 and <= 0x11FF) or (>= 0x2100 and <= 0x214F) => false,
        ' ' => true,
        _ => System.Text.Rune.GetUnicodeCategory(rune) is not (
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator),
    };
}
