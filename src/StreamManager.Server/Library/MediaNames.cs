using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Library;

/// <summary>Names of files: ours on the disk, and what is kept of a user's as title. Pure but for the random part.</summary>
internal static class MediaNames
{
    private const string Prefix = "m-";
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A hundred bits: names cannot be guessed, and no two are the same.</summary>
    private const int RandomLetters = 20;

    /// <summary>A new name: nothing of it comes from a user. Lower case, since some disks do not tell the cases apart.</summary>
    public static string New(MediaFormat format) => $"{Prefix}{RandomNumberGenerator.GetString(Letters, RandomLetters)}.{format.Extension}";

    /// <summary>Could the name be one of ours? What else lies in the folder is the user's, and stays.</summary>
    public static bool IsOurs(string fileName) =>
        fileName.StartsWith(Prefix, StringComparison.Ordinal)
        && Path.GetFileNameWithoutExtension(fileName) is { Length: 2 + RandomLetters } name && name[Prefix.Length..].All(Letters.Contains)
        && FormatOf(fileName) is not null;

    /// <summary>The format that one of our names says; null: none.</summary>
    public static MediaFormat? FormatOf(string fileName) => MediaFormat.All.FirstOrDefault(format => fileName.EndsWith("." + format.Extension, StringComparison.Ordinal));

    /// <summary>What a user called the file, for people to read: without folders, and without characters that nobody sees or that turn the text around.</summary>
    public static string Title(string? given)
    {
        var name = given ?? "";
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        var title = new StringBuilder(Math.Min(name.Length, MediaLimits.LongestTitle));
        foreach (var rune in name.EnumerateRunes())
        {
            if (title.Length + rune.Utf16SequenceLength > MediaLimits.LongestTitle)
                break;
            if (rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse
                or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                continue;
            }

            title.Append(rune);
        }

        return title.ToString().Trim() is { Length: > 0 } good ? good : "untitled";
    }
}
