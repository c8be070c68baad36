using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace StreamManager.Server.Storage.Redis;

/// <summary>
/// The journal as a stream in Redis. Each entry has its time (UTC, of fixed width, so that text compares as time) and its body; the position is what Redis calls its id. Entries of the audit are in a second
/// stream, too: what the first does not have any more is read from there.
/// </summary>
internal sealed partial class RedisEventJournal(RedisClient client) : IEventJournal
{
    /// <summary>Field of the time.</summary>
    internal const string TimeField = "time";

    /// <summary>Field of the event.</summary>
    internal const string BodyField = "event";

    /// <summary>Bytes of bodies that are appended in one step, beyond the first: Redis does nothing else meanwhile.</summary>
    private const int AppendBytes = 1024 * 1024;

    /// <summary>Entries that are appended in one step.</summary>
    private const int AppendEntries = 256;

    /// <summary>Old entries that are dropped in one step.</summary>
    private const int TrimEntries = 200;

    private static readonly RedisArgument[] Streams = [RedisLayout.Journal, RedisLayout.Audit];

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    /// <inheritdoc/>
    public async ValueTask AppendAsync(ImmutableArray<JournalEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (entry.Body.Length > StateLimits.LargestBody)
                throw new ArgumentException($"the body of an entry is larger than {StateLimits.LargestBody} bytes", nameof(entries));
        }

        List<RedisArgument> step = [];
        var bytes = 0;
        foreach (var entry in entries)
        {
            if (step.Count == 3 * AppendEntries || (step.Count > 0 && bytes + entry.Body.Length > AppendBytes))
            {
                await AppendAsync(step, cancellationToken);
                step = [];
                bytes = 0;
            }

            step.AddRange([Text(entry.Time), entry.Body, entry.IsAudit ? 1 : 0]);
            bytes += entry.Body.Length;
        }

        if (step.Count > 0)
            await AppendAsync(step, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<JournalEntry>> ReadAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        // Between the position and the first entry that is there, nothing is left but the audit.
        var entries = await ReadAsync("XRANGE", RedisLayout.Journal, after, null, limit, cancellationToken);
        var older = await ReadAsync("XRANGE", RedisLayout.Audit, after, entries.IsEmpty ? null : entries[0].Position, limit, cancellationToken);
        return older.IsEmpty ? entries : [.. older, .. entries.Take(limit - older.Length)];
    }

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<JournalEntry>> ReadNewestAsync(string? before, int limit, CancellationToken cancellationToken)
    {
        var entries = await ReadAsync("XREVRANGE", RedisLayout.Journal, before, null, limit, cancellationToken);
        return entries.Length == limit
            ? entries
            : [.. entries, .. await ReadAsync("XREVRANGE", RedisLayout.Audit, entries.IsEmpty ? before : entries[^1].Position, null, limit - entries.Length, cancellationToken)];
    }

    /// <inheritdoc/>
    public async ValueTask<string?> FindAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        await client.RunAsync(RedisStateScripts.Find, Streams, [Text(time)], cancellationToken) switch
        {
            RespValue.Bulk position => position.Text,
            RespValue.Nothing => null,
            _ => throw client.Unexpected(new RedisCommand("EVALSHA")),
        };

    /// <inheritdoc/>
    public async ValueTask TrimAsync(DateTimeOffset oldest, int most, int mostAudit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        ArgumentOutOfRangeException.ThrowIfNegative(mostAudit);
        foreach (var (stream, kept) in ((string, int)[])[(RedisLayout.Journal, most), (RedisLayout.Audit, mostAudit)])
        {
            while (await client.RunAsync(RedisStateScripts.Trim, [stream], [Text(oldest), kept, TrimEntries], cancellationToken) is RespValue.Integer { Number: TrimEntries })
            {
            }
        }
    }

    private async Task AppendAsync(List<RedisArgument> step, CancellationToken cancellationToken)
    {
        // The position of the last one: anything else does not say that they are kept.
        if (await client.RunAsync(RedisStateScripts.Append, Streams, step, cancellationToken) is not RespValue.Bulk)
            throw client.Unexpected(new RedisCommand("EVALSHA"));
    }

    /// <summary>Reads in pieces, so that entries of any allowed size fit into a reply.</summary>
    private async ValueTask<ImmutableArray<JournalEntry>> ReadAsync(string command, string stream, string? from, string? until, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, IEventJournal.LargestPage);
        if (from is not null && !Position().IsMatch(from))
            throw new ArgumentException("is no position in the journal", nameof(from));
        var (first, last) = command == "XRANGE" ? ("-", "+") : ("+", "-");
        var entries = ImmutableArray.CreateBuilder<JournalEntry>();
        while (true)
        {
            var count = Math.Min(RedisStateStore.DocumentsPerReply, limit - entries.Count);
            var range = new RedisCommand(command, stream, from is null ? first : "(" + from, until is null ? last : "(" + until, "COUNT", count);
            if (await client.SendAsync(range, cancellationToken) is not RespValue.Array { Items: var items })
                throw client.Unexpected(range);
            foreach (var item in items)
            {
                if (item is not RespValue.Array { Items: [RespValue.Bulk position, RespValue.Array { Items: var fields }] })
                    throw client.Unexpected(range);
                from = position.Text;
                if (Entry(position.Text, fields) is { } entry)
                    entries.Add(entry);
            }

            if (items.Length < count || entries.Count == limit)
                return entries.ToImmutable();
        }
    }

    /// <summary>Null: somebody else appended something else.</summary>
    private static JournalEntry? Entry(string position, ImmutableArray<RespValue> fields) =>
        fields is [RespValue.Bulk { Text: TimeField }, RespValue.Bulk time, RespValue.Bulk { Text: BodyField }, RespValue.Bulk body]
        && DateTimeOffset.TryParseExact(time.Text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? new JournalEntry(position, at, body.Bytes)
            : null;

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    [GeneratedRegex("^[0-9]{1,19}(-[0-9]{1,19})?\\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Position();
}
