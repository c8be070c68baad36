using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>A script in Lua that Redis runs as one step.</summary>
/// <param name="text">Its text; the keys are <c>KEYS</c>, the rest <c>ARGV</c>.</param>
internal sealed class RedisScript(string text)
{
    private readonly string _digest = Digest(text);

    /// <summary>Runs it if Redis knows it.</summary>
    public RedisCommand ByDigest(IReadOnlyList<RedisArgument> keys, IReadOnlyList<RedisArgument> arguments) => new("EVALSHA", [_digest, keys.Count, .. keys, .. arguments]);

    /// <summary>Runs it, and makes it known.</summary>
    public RedisCommand ByText(IReadOnlyList<RedisArgument> keys, IReadOnlyList<RedisArgument> arguments) => new("EVAL", [text, keys.Count, .. keys, .. arguments]);

    [SuppressMessage("Security", "CA5350", Justification = "Redis names scripts by it; nothing depends on its strength.")]
    private static string Digest(string text) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(text)));
}
