using System.Collections.Immutable;
using System.Globalization;

namespace StreamManager.Server.Storage.Sqlite;

/// <summary>The journal in <c>state.db</c>: a table with a rising number, which is the position. Thread-safe.</summary>
internal sealed class SqliteJournal(SqliteDatabase database) : IEventJournal
{
    /// <summary>Entries dropped in one transaction; others get their turn between two.</summary>
    private const int DroppedPerRound = 5_000;

    /// <inheritdoc/>
    public async ValueTask AppendAsync(ImmutableArray<JournalEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            if (entry.Body.Length > StateLimits.LargestBody)
                throw new ArgumentException($"an entry is larger than {StateLimits.LargestBody} bytes", nameof(entries));
        }

        if (entries.IsEmpty)
            return;
        await database.WriteAsync(
            connection =>
            {
                foreach (var entry in entries)
                {
                    using var statement = connection.Use("INSERT INTO journal (time, body, is_audit) VALUES (?1, ?2, ?3)")
                        .Bind(1, entry.Time.ToUnixTimeMilliseconds()).Bind(2, entry.Body.Span).Bind(3, entry.IsAudit ? 1 : 0);
                    statement.Step();
                }

                return entries.Length;
            },
            committed: null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<JournalEntry>> ReadAsync(string? after, int limit, CancellationToken cancellationToken) =>
        ReadAsync("SELECT position, time, body FROM journal WHERE position > ?1 ORDER BY position LIMIT ?2", Position(after, 0), limit, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<JournalEntry>> ReadNewestAsync(string? before, int limit, CancellationToken cancellationToken) =>
        ReadAsync("SELECT position, time, body FROM journal WHERE position < ?1 ORDER BY position DESC LIMIT ?2", Position(before, long.MaxValue), limit, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<string?> FindAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection => Find(connection, time.ToUnixTimeMilliseconds())?.ToString(CultureInfo.InvariantCulture), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask TrimAsync(DateTimeOffset oldest, int most, int mostAudit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        ArgumentOutOfRangeException.ThrowIfNegative(mostAudit);
        await DropAsync(connection => TrimOld(connection, oldest.ToUnixTimeMilliseconds()), cancellationToken);
        await DropAsync(connection => TrimTo(connection, isAudit: false, most), cancellationToken);
        await DropAsync(connection => TrimTo(connection, isAudit: true, mostAudit), cancellationToken);
    }

    /// <summary>Halves the positions: what was dropped leaves holes, so each look is at the first entry from a position on.</summary>
    private static long? Find(SqliteConnection connection, long time)
    {
        var low = connection.Number("SELECT position FROM journal ORDER BY position LIMIT 1");
        var high = connection.Number("SELECT position FROM journal ORDER BY position DESC LIMIT 1");

        // The entry sought is between the two, if there is one.
        long? found = null;
        while (low <= high)
        {
            var middle = low + ((high - low) / 2);
            using var statement = connection.Use("SELECT position, time FROM journal WHERE position >= ?1 ORDER BY position LIMIT 1").Bind(1, middle);
            if (!statement.Step())
                break;
            if (statement.Int64(1) >= time)
                (found, high) = (statement.Int64(0), middle - 1);
            else
                low = statement.Int64(0) + 1;
        }

        return found;
    }

    private async ValueTask<ImmutableArray<JournalEntry>> ReadAsync(string sql, long position, int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, IEventJournal.LargestPage);
        return await database.ReadAsync(
            connection =>
            {
                using var statement = connection.Use(sql).Bind(1, position).Bind(2, limit);
                var entries = ImmutableArray.CreateBuilder<JournalEntry>();
                while (statement.Step())
                {
                    entries.Add(new JournalEntry(
                        statement.Int64(0).ToString(CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(statement.Int64(1)), statement.Blob(2)));
                }

                return entries.DrainToImmutable();
            },
            cancellationToken);
    }

    private async ValueTask DropAsync(Func<SqliteConnection, int> round, CancellationToken cancellationToken)
    {
        while (await database.WriteAsync(round, committed: null, cancellationToken) == DroppedPerRound)
        {
        }
    }

    /// <summary>Always from the front: entries are dropped up to the first that is not too old.</summary>
    private static int TrimOld(SqliteConnection connection, long oldest)
    {
        using var statement = connection.Use($"""
            DELETE FROM journal WHERE position IN (
                SELECT position FROM journal WHERE position < coalesce((SELECT position FROM journal WHERE time >= ?1 ORDER BY position LIMIT 1), 9223372036854775807)
                ORDER BY position LIMIT {DroppedPerRound})
            """).Bind(1, oldest);
        statement.Step();
        return connection.Changes;
    }

    /// <summary>The oldest of one sort beyond a number. All that is read of the rows is in the index.</summary>
    private static int TrimTo(SqliteConnection connection, bool isAudit, int most)
    {
        using var statement = connection.Use($"""
            DELETE FROM journal WHERE position IN (
                SELECT position FROM journal WHERE is_audit = ?1
                    AND position <= (SELECT position FROM journal WHERE is_audit = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)
                ORDER BY position LIMIT {DroppedPerRound})
            """).Bind(1, isAudit ? 1 : 0).Bind(2, most);
        statement.Step();
        return connection.Changes;
    }

    private static long Position(string? text, long none)
    {
        if (text is null)
            return none;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)
            ? position
            : throw new ArgumentException($"\"{text}\" is no position of this journal", nameof(text));
    }
}
