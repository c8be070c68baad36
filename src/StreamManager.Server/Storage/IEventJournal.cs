using System.Collections.Immutable;

namespace StreamManager.Server.Storage;

/// <summary>The lasting list of what happened, in the same store as the documents. Thread-safe; throws like <see cref="IStateStore"/>.</summary>
internal interface IEventJournal
{
    /// <summary>Appends entries in their order; returns when they are kept.</summary>
    ValueTask AppendAsync(ImmutableArray<JournalEntry> entries, CancellationToken cancellationToken);

    /// <summary>Entries after a position, oldest first.</summary>
    /// <param name="after">A <see cref="JournalEntry.Position"/>, or null: from the oldest.</param>
    /// <param name="limit">1 to <see cref="LargestPage"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentException">The text is no position of this store, or the limit is out of range.</exception>
    ValueTask<ImmutableArray<JournalEntry>> ReadAsync(string? after, int limit, CancellationToken cancellationToken);

    /// <summary>The newest entries before a position, newest first.</summary>
    /// <param name="before">A <see cref="JournalEntry.Position"/>, or null: from the newest.</param>
    /// <param name="limit">1 to <see cref="LargestPage"/>.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="ArgumentException">The text is no position of this store, or the limit is out of range.</exception>
    ValueTask<ImmutableArray<JournalEntry>> ReadNewestAsync(string? before, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Position of the oldest entry that is not older than <paramref name="time"/>; null: all are, or there are none. Entries stand in the order in which they came, which is that of their times but for
    /// moments, so that it is found by halving: a few dozen looks, however long the journal is. Where times went back, it is a place at which they pass <paramref name="time"/>.
    /// </summary>
    ValueTask<string?> FindAsync(DateTimeOffset time, CancellationToken cancellationToken);

    /// <summary>
    /// Drops entries that are older than <paramref name="oldest"/> or beyond the newest <paramref name="most"/> (some more may stay). Those of the audit stay whatever else came: only their age and
    /// <paramref name="mostAudit"/> of their own end them.
    /// </summary>
    ValueTask TrimAsync(DateTimeOffset oldest, int most, int mostAudit, CancellationToken cancellationToken);

    /// <summary>Most entries in one answer.</summary>
    const int LargestPage = 1_000;
}

/// <summary>One entry of the journal.</summary>
/// <param name="Position">Where it stands, given by the store: <c>1234</c> or <c>1700000000000-5</c>. Empty before it is appended. Opaque to callers; valid as <c>after</c> and <c>before</c>.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Body">The event as JSON, UTF-8; at most <see cref="StateLimits.LargestBody"/> bytes.</param>
internal sealed record JournalEntry(string Position, DateTimeOffset Time, ReadOnlyMemory<byte> Body)
{
    /// <summary>True when it is appended: it says who changed what, and is not dropped because much else happens. Not told when it is read.</summary>
    public bool IsAudit { get; init; }
}
