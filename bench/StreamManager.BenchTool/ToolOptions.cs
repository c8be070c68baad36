using System.Globalization;

namespace StreamManager.BenchTool;

/// <summary><c>--name value</c> and <c>--flag</c> after the mode.</summary>
internal sealed class ToolOptions
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public static ToolOptions Parse(string[] arguments)
    {
        var options = new ToolOptions();
        for (var i = 1; i < arguments.Length; i++)
        {
            var name = arguments[i].TrimStart('-');
            var hasValue = i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            options._values[name] = hasValue ? arguments[++i] : "";
        }
        return options;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name) => _values.TryGetValue(name, out var value) ? value : throw new ArgumentException($"--{name} is needed.", nameof(name));

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    public int Number(string name, int otherwise) => _values.TryGetValue(name, out var value) ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
