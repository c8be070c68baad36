namespace StreamManager.Server.Options;

/// <summary>"Did you mean …?"</summary>
internal static class Spelling
{
    /// <summary>The name that a mistyped <paramref name="word"/> most likely stands for; null when none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> names)
    {
        // A third of the letters may be wrong: "bitrat" is a bitrate, "foo" is nothing.
        var limit = Math.Max(1, word.Length / 3);
        return names.Select(name => (Name: name, Distance: Distance(word, name)))
            .Where(candidate => candidate.Distance <= limit)
            .OrderBy(candidate => candidate.Distance).ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();
    }

    /// <summary>Levenshtein distance, without regard to case and to the kind of separator.</summary>
    private static int Distance(string left, string right)
    {
        if (left.Length > 100)
            return int.MaxValue;
        var previous = Enumerable.Range(0, right.Length + 1).ToArray();
        var current = new int[right.Length + 1];
        for (var i = 0; i < left.Length; i++)
        {
            current[0] = i + 1;
            for (var j = 0; j < right.Length; j++)
            {
                var substitution = previous[j] + (Fold(left[i]) == Fold(right[j]) ? 0 : 1);
                current[j + 1] = Math.Min(substitution, Math.Min(previous[j + 1], current[j]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[right.Length];
    }

    private static char Fold(char c) => c is '-' or ' ' ? '_' : char.ToLowerInvariant(c);
}
