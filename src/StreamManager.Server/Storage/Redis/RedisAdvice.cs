using System.Collections.Immutable;
using System.Globalization;

namespace StreamManager.Server.Storage.Redis;

/// <summary>Tells of settings of a Redis with which what was acknowledged may be lost. It works all the same: whoever runs the Redis decides.</summary>
internal static class RedisAdvice
{
    /// <summary>Asks a Redis for its settings. None when this user may not ask.</summary>
    /// <exception cref="StoreUnavailableException">The connection ended.</exception>
    public static async Task<ImmutableArray<string>> AskAsync(RedisConnection connection, CancellationToken cancellationToken)
    {
        var memory = await connection.SendAsync(new RedisCommand("INFO", "memory"), cancellationToken) as RespValue.Bulk;
        var persistence = await connection.SendAsync(new RedisCommand("INFO", "persistence"), cancellationToken) as RespValue.Bulk;
        return Read($"{memory?.Text}\n{persistence?.Text}");
    }

    /// <summary>What is to be told of an answer to INFO; fields that are missing are taken to be well.</summary>
    public static ImmutableArray<string> Read(string information)
    {
        var fields = information.Split('\n').Select(line => line.Trim().Split(':', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var advice = ImmutableArray.CreateBuilder<string>();
        var policy = fields["maxmemory_policy"].FirstOrDefault() ?? "noeviction";
        var hasLimit = long.TryParse(fields["maxmemory"].FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0;
        if (hasLimit && policy != "noeviction")
            advice.Add("This Redis drops what is stored when its memory is full; set \"maxmemory-policy noeviction\".");
        if (fields["aof_enabled"].FirstOrDefault() == "0")
            advice.Add("This Redis writes snapshots at most: what was stored since the last one is lost when it fails; set \"appendonly yes\".");
        return advice.ToImmutable();
    }
}
