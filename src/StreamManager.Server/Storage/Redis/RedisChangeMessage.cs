using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// What is published about the changes of one call: its version, then a line for each document, each ended by a line feed.
/// <code>
/// 12
/// written stream:key 5f3a…
/// removed stream:alias obs
/// </code>
/// </summary>
internal static class RedisChangeMessage
{
    /// <summary>First word of a line about a document that was written.</summary>
    public const string Written = "written";

    /// <summary>First word of a line about a document that was removed.</summary>
    public const string Removed = "removed";

    /// <summary>The changes in it; null: it is not of this form, or has more lines than a call may have changes.</summary>
    public static ImmutableArray<StateChange>? Read(ReadOnlyMemory<byte> message)
    {
        var lines = Encoding.UTF8.GetString(message.Span).Split('\n', StateLimits.MostWrites + 3);
        if (lines.Length > StateLimits.MostWrites + 2 || lines[^1].Length > 0 || !long.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            return null;
        var changes = ImmutableArray.CreateBuilder<StateChange>();
        foreach (var line in lines[1..^1])
        {
            if (line.Split(' ') is not [var word, var kind, var id] || !StateLimits.IsKind(kind) || !StateLimits.IsId(id) || word is not (Written or Removed))
                return null;
            changes.Add(word == Written ? new StateChange.Written(kind, id, version) : new StateChange.Removed(kind, id, version));
        }

        return changes.ToImmutable();
    }
}
