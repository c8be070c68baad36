using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// Commands over a <see cref="RedisLink"/>. While Redis is away they fail at once; a command that was under way when the connection ended fails too and is never sent again by itself, since it may have been
/// executed.
/// </summary>
internal sealed class RedisClient(RedisLink link) : IAsyncDisposable
{
    /// <summary>Keys that a step of SCAN looks at: some hundred microseconds of Redis' time.</summary>
    private const int ScanStep = 500;

    /// <summary>The connection beneath.</summary>
    public RedisLink Link => link;

    /// <summary>Sends a command; its reply is none of the errors.</summary>
    /// <exception cref="StoreUnavailableException">There is no connection, it ended, or Redis answered with an error.</exception>
    public async ValueTask<RespValue> SendAsync(RedisCommand command, CancellationToken cancellationToken)
    {
        var (reply, _) = await TrySendAsync(command, cancellationToken);
        return reply is RespValue.Error error ? throw RedisErrors.ToException(command, error) : reply;
    }

    /// <summary>Runs a script by its digest; a Redis that does not know it yet (a fresh one, or restarted) is sent its text.</summary>
    /// <exception cref="StoreUnavailableException">As for <see cref="SendAsync"/>.</exception>
    public async ValueTask<RespValue> RunAsync(RedisScript script, IReadOnlyList<RedisArgument> keys, IReadOnlyList<RedisArgument> arguments, CancellationToken cancellationToken)
    {
        var (reply, connection) = await TrySendAsync(script.ByDigest(keys, arguments), cancellationToken);
        if (reply is RespValue.Error { Code: "NOSCRIPT" })
        {
            // It was not executed: this is no repetition.
            reply = await connection.SendAsync(script.ByText(keys, arguments), cancellationToken);
        }

        return reply is RespValue.Error error ? throw RedisErrors.ToException(script.ByDigest([], []), error) : reply;
    }

    /// <summary>Keys that match a pattern, in pieces; a key may come more than once. What is there all the time is among them.</summary>
    /// <exception cref="StoreUnavailableException">As for <see cref="SendAsync"/>; or there is no end to them.</exception>
    public async IAsyncEnumerable<ImmutableArray<string>> ScanAsync(string pattern, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cursor = "0";
        long found = 0;
        for (var step = 0; step == 0 || cursor != "0"; step++)
        {
            if (step == link.Options.MaxScanSteps || found > link.Options.MaxListed)
                throw Endless(step == link.Options.MaxScanSteps ? $"after {step} steps" : $"after {found} keys {pattern}");
            var command = new RedisCommand("SCAN", cursor, "MATCH", pattern, "COUNT", ScanStep);
            if (await SendAsync(command, cancellationToken) is not RespValue.Array { Items: [RespValue.Bulk next, RespValue.Array keys] })
                throw Unexpected(command);
            cursor = next.Text;
            found += keys.Items.Length;
            yield return [.. keys.Items.OfType<RespValue.Bulk>().Select(key => key.Text)];
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => link.DisposeAsync();

    /// <summary>For a reply of another shape than the command's. What comes next on this connection cannot be relied on either, so it is ended, by which everybody knows.</summary>
    public StoreUnavailableException Unexpected(RedisCommand command)
    {
        if (link.State is RedisState.Available available)
            available.Connection.End(RedisFailure.NotRedis);
        return new StoreUnavailableException($"{link.Url}: Redis answers {command.Name} in a way that is not known: it is no Redis, or a later version.");
    }

    private StoreUnavailableException Endless(string where) =>
        new($"{link.Url}: Redis does not come to the end of a list of its keys ({where}). Give the server a database of its own (redis://host/1), or look what fills this one.");

    private async ValueTask<(RespValue Reply, RedisConnection Connection)> TrySendAsync(RedisCommand command, CancellationToken cancellationToken)
    {
        var connection = link.Connection;
        RespValue reply;
        try
        {
            reply = await connection.SendAsync(command, cancellationToken);
        }
        catch (StoreUnavailableException e)
        {
            throw new StoreUnavailableException($"{link.Url}: {e.Message}", e) { MayBeDone = e.MayBeDone };
        }

        // Such an error is about the server, not the command: what follows would meet it too, and another connection may reach a better one.
        if (reply is RespValue.Error error && RedisFailure.OfReply(error) is { } failure)
        {
            connection.End(failure);
            throw new StoreUnavailableException(link.Describe(failure));
        }

        return (reply, connection);
    }
}
