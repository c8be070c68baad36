using System.Globalization;

namespace StreamManager.Server.Storage.Redis;

/// <summary>What is said first on a connection: who we are, which database, and whether this is a Redis that can be worked with.</summary>
internal static class RedisLogin
{
    /// <summary>The first version with <c>PEXPIRETIME</c>. Valkey calls itself 7.2 here.</summary>
    private const int OldestMajorVersion = 7;

    /// <exception cref="RedisConnectException">It does not let us in, or is not ready, in words.</exception>
    /// <exception cref="StoreUnavailableException">The connection ended meanwhile.</exception>
    public static async Task RunAsync(RedisConnection connection, RedisOptions options, CancellationToken cancellationToken)
    {
        var url = options.Url;
        if (url.Password is { } password)
        {
            var command = url.User is { } user ? new RedisCommand("AUTH", user, password.Value) : new RedisCommand("AUTH", password.Value);
            // The text of the error is not shown: a server that does not know AUTH repeats its arguments.
            if (await connection.SendAsync(command, cancellationToken) is RespValue.Error error)
                throw new RedisConnectException(RefusedCredentials(error));
        }

        // A Redis that still loads, or wants a password, says so to this one.
        if (await connection.SendAsync(new RedisCommand("PING"), cancellationToken) is RespValue.Error notReady && notReady.Code != "NOPERM")
            throw new RedisConnectException(RedisFailure.OfReply(notReady) ?? new RedisFailure(RedisFailureKind.Refused, $"Redis refuses to work ({RedisErrors.Describe(notReady)})."));

        if (url.Database != 0 && await connection.SendAsync(new RedisCommand("SELECT", url.Database), cancellationToken) is RespValue.Error noDatabase)
        {
            throw new RedisConnectException(
                RedisFailure.OfReply(noDatabase) ?? new RedisFailure(RedisFailureKind.Database, $"Redis has no database {url.Database}, or does not let this user into it."));
        }

        // Names us in CLIENT LIST; whether this user may do that does not matter.
        _ = await connection.SendAsync(new RedisCommand("CLIENT", "SETNAME", options.ClientName), cancellationToken);
        if (await connection.SendAsync(new RedisCommand("INFO", "server"), cancellationToken) is RespValue.Bulk information && MajorVersion(information.Text) is < OldestMajorVersion)
            throw new RedisConnectException(new RedisFailure(RedisFailureKind.TooOld, $"This Redis is too old; {OldestMajorVersion}.0 or later is needed."));
    }

    private static RedisFailure RefusedCredentials(RespValue.Error error)
    {
        if (error.Code == "LOADING")
            return RedisFailure.OfReply(error)!;
        return error.Text.Contains("without any password configured", StringComparison.OrdinalIgnoreCase)
            ? new RedisFailure(RedisFailureKind.Credentials, "Redis has no password, and one is configured: remove REDIS_PASSWORD and the one in REDIS_URL, or set requirepass.")
            : new RedisFailure(RedisFailureKind.Credentials, "Redis does not accept the password or the user (REDIS_PASSWORD, or those in REDIS_URL).");
    }

    private static int? MajorVersion(string information)
    {
        const string Name = "redis_version:";
        var line = information.Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        return line is not null && int.TryParse(line[Name.Length..].Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : null;
    }
}
