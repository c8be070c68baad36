using System.Diagnostics.CodeAnalysis;
using YamlDotNet.RepresentationModel;

namespace StreamManager.Server.Options;

/// <summary>
/// One mapping of <c>config.yml</c> while it is read: every key is asked for by name, and what nobody asked for is unknown. Mistakes are collected, never thrown.
/// </summary>
internal sealed class ConfigSection
{
    private readonly YamlMappingNode _mapping;
    private readonly string _file;
    private readonly string _path;
    private readonly OptionNotes _errors;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>Reads <paramref name="mapping"/>; <paramref name="path"/> is what stands before its keys in messages.</summary>
    public ConfigSection(YamlMappingNode mapping, string file, string path, OptionNotes errors)
    {
        _mapping = mapping;
        _file = file;
        _path = path;
        _errors = errors;
    }

    /// <summary>Every key that was asked for: the list that the documentation is checked against.</summary>
    public IReadOnlyCollection<string> KnownKeys => _known;

    /// <summary>The value of a key, or <paramref name="otherwise"/> when it is absent, empty or wrong (then the mistake is noted).</summary>
    [return: NotNullIfNotNull(nameof(otherwise))]
    public T? Read<T>(string key, SettingType<T> type, T? otherwise)
    {
        if (!TryReadText(key, type.IsSecret, type.IsList, out var text, out var node))
        {
            _errors.TookBuiltIn(_path + key, otherwise);
            return otherwise;
        }

        if (type.Parse(text, out var value))
        {
            _errors.Took(OriginOf(node), _path + key, type.Shown(text));
            return value;
        }

        _errors.Wrong(OriginOf(node), _path + key, type.Shown(text), type.Allowed);
        return otherwise;
    }

    /// <summary>The value of a key that must be there.</summary>
    public T? ReadRequired<T>(string key, SettingType<T> type)
        where T : class
    {
        if (!Find(key, out var node) || IsEmpty(node))
        {
            _known.Add(key);
            _errors.Add(OriginOf(_mapping), _path + key, $"is missing; needed is {type.Allowed}");
            return null;
        }

        return Read(key, type, null);
    }

    /// <summary>A key whose feature is not there yet: fine when absent, empty or <paramref name="neutral"/>, an error otherwise, since ignoring it would be a lie.</summary>
    public void ReadNotYet(string key, string? neutral, string feature)
    {
        if (TryReadText(key, isSecret: false, isList: false, out var text, out var node) && !string.Equals(text, neutral, StringComparison.OrdinalIgnoreCase))
            _errors.Add(OriginOf(node), _path + key, $"{feature} is not available in this version; remove the key" + (neutral is null ? "" : $" or write {neutral}"));
    }

    /// <summary>Is there anything at this key?</summary>
    public bool Has(string key) => Find(key, out var node) && !IsEmpty(node);

    /// <summary>The mappings in the list at a key; nothing when it is absent.</summary>
    public IEnumerable<ConfigSection> ReadList(string key)
    {
        _known.Add(key);
        if (!Find(key, out var node) || IsEmpty(node))
            yield break;
        if (node is not YamlSequenceNode sequence)
        {
            _errors.Add(OriginOf(node), _path + key, "must be a list");
            yield break;
        }

        var index = 0;
        foreach (var item in sequence.Children)
        {
            var path = $"{_path}{key}[{index++}]";
            if (item is YamlMappingNode mapping)
                yield return new ConfigSection(mapping, _file, path + ".", _errors);
            else
                _errors.Add(OriginOf(item), path, "must be a mapping of keys and values");
            if (_errors.IsFull)
                yield break;
        }
    }

    /// <summary>The mapping at a key; null when it is absent.</summary>
    public ConfigSection? ReadSection(string key)
    {
        _known.Add(key);
        if (!Find(key, out var node) || IsEmpty(node))
            return null;
        if (node is YamlMappingNode mapping)
            return new ConfigSection(mapping, _file, $"{_path}{key}.", _errors);
        _errors.Add(OriginOf(node), _path + key, "must be a mapping of keys and values");
        return null;
    }

    /// <summary>Notes a mistake at a key.</summary>
    public void Fail(string key, string message) => _errors.Add(OriginOf(Find(key, out var node) ? node : _mapping), _path + key, message);

    /// <summary>Notes every key that nobody asked for. Call it last.</summary>
    public void RefuseUnknown()
    {
        foreach (var (node, _) in _mapping.Children)
        {
            var key = (node as YamlScalarNode)?.Value ?? "";
            if (_known.Contains(key))
                continue;
            if (_errors.IsFull)
                break;
            var near = Spelling.Nearest(key, _known);
            _errors.Add(OriginOf(node), _path + key, near is null ? "is not a known key" : $"is not a known key; did you mean {near}?");
        }
    }

    private bool TryReadText(string key, bool isSecret, bool isList, out string text, [NotNullWhen(true)] out YamlNode? node)
    {
        _known.Add(key);
        text = "";
        if (!Find(key, out node) || IsEmpty(node))
            return false;
        if (node is YamlScalarNode { Value: { } value })
        {
            text = value;
            return true;
        }

        if (isList && node is YamlSequenceNode { Children: var items } && items.All(item => item is YamlScalarNode))
        {
            text = string.Join(", ", items.Select(item => ((YamlScalarNode)item).Value));
            return items.Count > 0;
        }

        _errors.Add(OriginOf(node), _path + key, isList ? "must be a list of texts" : isSecret ? "must be one text" : "must be one value, not a list or a mapping");
        return false;
    }

    private bool Find(string key, [NotNullWhen(true)] out YamlNode? node) => _mapping.Children.TryGetValue(new YamlScalarNode(key), out node);

    private string OriginOf(YamlNode node) => $"{_file} line {node.Start.Line}";

    /// <summary>Nothing, <c>~</c>, <c>null</c> and <c>""</c> all mean "not set".</summary>
    private static bool IsEmpty(YamlNode node) =>
        node is YamlScalarNode scalar && (string.IsNullOrEmpty(scalar.Value) || (scalar.Style == YamlDotNet.Core.ScalarStyle.Plain && scalar.Value is "~" or "null"));
}
