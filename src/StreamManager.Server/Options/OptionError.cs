namespace StreamManager.Server.Options;

/// <summary>One wrong setting.</summary>
/// <param name="Origin">Where it stands: <c>environment</c>, or the configuration file with the line.</param>
/// <param name="Key">Name of the setting, with its path inside the file.</param>
/// <param name="Value">What was found, masked where it may hold a secret; null when the setting itself is the mistake.</param>
/// <param name="Allowed">What is allowed, as the end of "must be …" or a sentence of its own.</param>
internal sealed record OptionError(string Origin, string Key, string? Value, string Allowed)
{
    /// <inheritdoc/>
    public override string ToString() => Value is null ? $"{Origin}: {Key}: {Allowed}" : $"{Origin}: {Key}: \"{Value}\" is not allowed: {Allowed}";
}

/// <summary>Collects every mistake of one load, so that a user sees all of them at once.</summary>
internal sealed class OptionErrors
{
    /// <summary>Longest piece of a wrong value that is repeated to the user.</summary>
    private const int ShownLength = 80;

    /// <summary>Mistakes that are listed: more are no list for people, and they go into the log, an event and an answer.</summary>
    private const int MostErrors = 100;

    private readonly List<OptionError> _errors = [];

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<OptionError> All => _errors;

    /// <summary>A value that is not allowed; <paramref name="shown"/> is what of it may be repeated.</summary>
    public void Wrong(string origin, string key, string shown, string allowed) => Add(new OptionError(origin, Clean(key), Clean(shown), allowed));

    /// <summary>A mistake that is not about one value.</summary>
    public void Add(string origin, string key, string message) => Add(new OptionError(origin, Clean(key), null, message));

    /// <summary>Are no more listed? Then nobody needs to look for them.</summary>
    public bool IsFull => _errors.Count > MostErrors;

    /// <summary>The one message for all of them.</summary>
    public static string Describe(IReadOnlyCollection<OptionError> errors) =>
        $"The configuration has {(errors.Count == 1 ? "an error" : $"{errors.Count} errors")}; the server was not started.\n"
        + string.Join('\n', errors.Select(error => "  - " + error));

    private void Add(OptionError error)
    {
        if (_errors.Count < MostErrors)
            _errors.Add(error);
        else if (_errors.Count == MostErrors)
            _errors.Add(new OptionError("configuration", "more", null, $"there are more mistakes than these {MostErrors}"));
    }

    private static string Clean(string value)
    {
        var shown = value.Length > ShownLength ? value[..ShownLength] + "…" : value;
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c));
    }
}
