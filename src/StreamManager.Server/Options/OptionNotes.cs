using System.Globalization;
using System.Text.Json;

namespace StreamManager.Server.Options;

/// <summary>A setting as it was read.</summary>
/// <param name="Name">Its name, with its path inside the file.</param>
/// <param name="Value">What holds, masked where it is a secret; null: nothing was said, and there is no simple word for what is built in.</param>
/// <param name="Source"><c>environment</c>, the file with the line, or <c>built in</c>.</param>
internal sealed record ReadSetting(string Name, string? Value, string Source);

/// <summary>What is noted of one load: every mistake, so that a user sees all of them at once, and where each value came from.</summary>
internal sealed class OptionNotes
{
    /// <summary>Where a value comes from that nobody gave.</summary>
    public const string BuiltIn = "built in";

    /// <summary>Longest piece of a wrong value that is repeated to the user.</summary>
    private const int ShownLength = 80;

    /// <summary>Mistakes that are listed: more are no list for people, and they go into the log, an event and an answer.</summary>
    private const int MostErrors = 100;

    /// <summary>Settings that are listed: those of the server and of some dozen channels and destinations.</summary>
    private const int MostSettings = 1_000;

    private readonly List<OptionError> _errors = [];
    private readonly List<ReadSetting> _settings = [];

    /// <summary>Every setting that was read, in the order of reading.</summary>
    public IReadOnlyList<ReadSetting> Settings => _settings;

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<OptionError> All => _errors;

    /// <summary>A value that is not allowed; <paramref name="shown"/> is what of it may be repeated.</summary>
    public void Wrong(string origin, string key, string shown, string allowed) => Add(new OptionError(origin, Clean(key), Clean(shown), allowed));

    /// <summary>A value that holds; <paramref name="shown"/> is what of it may be repeated.</summary>
    public void Took(string origin, string key, string shown) => Take(new ReadSetting(key, Clean(shown), origin));

    /// <summary>Nothing was said, and <paramref name="builtIn"/> holds.</summary>
    public void TookBuiltIn<T>(string key, T? builtIn) => Take(new ReadSetting(key, builtIn switch
    {
        bool value => value ? "true" : "false",
        TimeSpan value => value.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture) + " s",
        string or int or long or double or System.Net.IPAddress => Clean(Convert.ToString(builtIn, CultureInfo.InvariantCulture)!),
        Enum value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()),
        Resolution value => $"{value.Width}x{value.Height}",
        _ => null,
    }, BuiltIn));

    /// <summary>A mistake that is not about one value.</summary>
    public void Add(string origin, string key, string message) => Add(new OptionError(origin, Clean(key), null, message));

    /// <summary>Are no more listed? Then nobody needs to look for them.</summary>
    public bool IsFull => _errors.Count > MostErrors;

    /// <summary>The one message for all of them.</summary>
    public static string Describe(IReadOnlyCollection<OptionError> errors) =>
        $"The configuration has {(errors.Count == 1 ? "an error" : $"{errors.Count} errors")}; the server was not started.\n"
        + string.Join('\n', errors.Select(error => "  - " + error));

    private void Take(ReadSetting setting)
    {
        if (_settings.Count < MostSettings)
            _settings.Add(setting);
    }

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
