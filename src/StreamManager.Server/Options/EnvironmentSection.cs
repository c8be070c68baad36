using System.Diagnostics.CodeAnalysis;

namespace StreamManager.Server.Options;

/// <summary>The environment while it is read. An empty variable counts as absent: compose files pass those.</summary>
internal sealed class EnvironmentSection(IReadOnlyDictionary<string, string> variables, OptionNotes errors)
{
    private const string Origin = "environment";

    /// <summary>The value of a variable, or <paramref name="otherwise"/> when it is absent or wrong (then the mistake is noted).</summary>
    [return: NotNullIfNotNull(nameof(otherwise))]
    public T? Read<T>(string name, SettingType<T> type, T? otherwise)
    {
        if (!TryGet(name, out var text))
        {
            errors.TookBuiltIn(name, otherwise);
            return otherwise;
        }

        if (type.Parse(text, out var value))
        {
            errors.Took(Origin, name, type.Shown(text));
            return value;
        }

        errors.Wrong(Origin, name, type.Shown(text), type.Allowed);
        return otherwise;
    }

    /// <summary>A variable whose feature is not there yet: fine when absent or <paramref name="neutral"/>, an error otherwise.</summary>
    public void ReadNotYet(string name, string? neutral, string feature)
    {
        if (TryGet(name, out var text) && !string.Equals(text, neutral, StringComparison.OrdinalIgnoreCase))
            errors.Add(Origin, name, $"{feature} is not available in this version; unset the variable" + (neutral is null ? "" : $" or set it to {neutral}"));
    }

    /// <summary>Is it set?</summary>
    public bool Has(string name) => TryGet(name, out _);

    /// <summary>Notes a mistake at a variable.</summary>
    public void Fail(string name, string message) => errors.Add(Origin, name, message);

    private bool TryGet(string name, [NotNullWhen(true)] out string? text) => variables.TryGetValue(name, out text) && text.Length > 0;
}
