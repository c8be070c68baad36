using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace StreamManager.Server.Options;

/// <summary>
/// Looks over a YAML text before it is made into nodes. The nodes are read by recursion, and a text that is nested without end, or a key that holds itself, would end the process for want of
/// stack, with everything that is on air.
/// </summary>
internal static class ConfigFileShape
{
    /// <summary>Deepest nesting: ours have five levels (channels, channel, destinations, destination, settings).</summary>
    public const int DeepestNesting = 16;

    /// <summary>Refuses what no configuration has and what cannot be read safely.</summary>
    /// <exception cref="YamlException">It is nested too deep, has a key that is no plain text, or is no YAML.</exception>
    public static void Check(string text)
    {
        var parser = new Parser(new StringReader(text));
        var containers = new Stack<Container>();
        while (parser.MoveNext())
        {
            var current = parser.Current!;
            if (current is MappingEnd or SequenceEnd)
            {
                containers.Pop();
                continue;
            }

            if (current is not NodeEvent && current is not AnchorAlias)
                continue;
            if (containers.TryPeek(out var container) && container.TakesKey() && current is not Scalar)
                throw new YamlException(current.Start, current.End, "a key must be one text");
            if (current is not (MappingStart or SequenceStart))
                continue;
            if (containers.Count == DeepestNesting)
                throw new YamlException(current.Start, current.End, $"it is nested deeper than {DeepestNesting} levels");
            containers.Push(new Container(current is MappingStart));
        }
    }

    /// <summary>A mapping or a list that is open. In a mapping every other node is a key.</summary>
    private sealed class Container(bool isMapping)
    {
        private bool _isValueNext;

        /// <summary>A node comes: is it a key?</summary>
        public bool TakesKey()
        {
            var isKey = isMapping && !_isValueNext;
            _isValueNext = isKey;
            return isKey;
        }
    }
}
