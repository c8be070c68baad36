namespace StreamManager.Server.Storage.Redis;

/// <summary>How much one reply may hold. A server within them costs memory only for what it says; one beyond them is refused before its bytes are waited for.</summary>
internal sealed record RespLimits
{
    /// <summary>The defaults.</summary>
    public static RespLimits Default { get; } = new();

    /// <summary>Longest line (status, error, number, length) without its end, in bytes. Errors of Redis are a sentence or two; a script's error brings its place along.</summary>
    public int MaxLineBytes { get; init; } = 4096;

    /// <summary>Longest bulk string, in bytes. Documents of the store are far smaller; Redis itself allows 512 MiB.</summary>
    public int MaxBulkBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Longest whole reply, in bytes: a batch of documents, as the store asks for them, of the greatest size that is likely.</summary>
    public int MaxReplyBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Values in one reply, arrays and what is in them counted alike. The store asks for some hundred at a time; an array's header alone must not make us hold millions.</summary>
    public int MaxValues { get; init; } = 64 * 1024;

    /// <summary>Arrays within arrays. Entries of a stream are three deep.</summary>
    public int MaxDepth { get; init; } = 8;
}
