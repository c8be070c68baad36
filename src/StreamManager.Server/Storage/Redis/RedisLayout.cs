namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// Names in Redis, which others read and write too. A document is the string at <c>kind:id</c>. So that the last colon is always the one between kind and id, a colon in an id is written %3A, and with it
/// the percent sign %25; ids of ours have neither.
/// </summary>
internal static class RedisLayout
{
    /// <summary>The counter of versions.</summary>
    public const string Counter = "state:version";

    /// <summary>The channel that tells of changes.</summary>
    public const string Changes = "state:changes";

    /// <summary>The stream of events.</summary>
    public const string Journal = "state:journal";

    /// <summary>The stream of those events that say who changed what, under the same ids: it outlives what is dropped from the other for its number.</summary>
    public const string Audit = "state:journal:audit";

    private const string Version = "version";
    private const string State = "state";

    /// <summary>Where a document is.</summary>
    public static string Key(string kind, string id) => $"{kind}:{Escape(id)}";

    /// <summary>Where its version is; absent for documents that somebody else wrote.</summary>
    public static string VersionKey(string kind, string id) => $"{Version}:{kind}:{Escape(id)}";

    /// <summary>Matches the keys of a kind's documents, and of kinds that begin with its name and a colon. A kind has no character that means something in a pattern.</summary>
    public static string Pattern(string kind) => $"{kind}:*";

    /// <summary>The id of the document of a kind at a key; null: there is none of this kind.</summary>
    public static string? Id(string kind, string key)
    {
        if (key.Length <= kind.Length + 1 || !key.StartsWith(kind, StringComparison.Ordinal) || key[kind.Length] != ':')
            return null;
        var id = key[(kind.Length + 1)..].Replace("%3A", ":", StringComparison.Ordinal).Replace("%25", "%", StringComparison.Ordinal);
        return StateLimits.IsId(id) && Key(kind, id) == key ? id : null;
    }

    /// <summary>The first word of these keys is taken by the store itself.</summary>
    public static bool IsReserved(string kind) => kind.Split(':')[0] is Version or State;

    private static string Escape(string id) => id.AsSpan().ContainsAny('%', ':')
        ? id.Replace("%", "%25", StringComparison.Ordinal).Replace(":", "%3A", StringComparison.Ordinal)
        : id;
}
