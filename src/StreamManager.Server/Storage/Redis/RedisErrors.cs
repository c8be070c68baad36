namespace StreamManager.Server.Storage.Redis;

/// <summary>Error replies in words that may be shown.</summary>
internal static class RedisErrors
{
    /// <summary>Longest text passed on, in characters: a sentence.</summary>
    private const int MaxLength = 160;

    /// <summary>The error without what it quotes of ours ("…, with args beginning with: …"), on one line.</summary>
    public static string Describe(RespValue.Error error)
    {
        // What follows may be an argument: a key, a document, a password.
        var quote = error.Text.AsSpan().IndexOfAny("'`\"");
        var text = error.Text.AsSpan(0, Math.Min(quote < 0 ? error.Text.Length : quote, MaxLength));
        return string.Concat(text.ToString().Select(c => char.IsControl(c) ? ' ' : c)).TrimEnd(' ', ',', ':');
    }

    /// <summary>What an error reply to a command means for the caller.</summary>
    public static StoreUnavailableException ToException(RedisCommand command, RespValue.Error error) => new(error.Code switch
    {
        "OOM" => "Redis has no memory left (maxmemory) and takes no writes.",
        "MISCONF" => "Redis cannot save to its disk and takes no writes; its log says why.",
        "NOREPLICAS" => "Redis takes no writes, because it has too few replicas.",
        "BUSY" => "Redis is busy with a script.",
        "MOVED" or "CROSSSLOT" or "CLUSTERDOWN" => "This Redis is a cluster; a single Redis is needed.",
        "NOPERM" => $"The user of Redis may not use {command.Name} or the keys and channels of this server.",
        _ => $"Redis answers {command.Name} with an error ({Describe(error)}).",
    });
}
