namespace StreamManager.Server.Storage;

/// <summary>A document as it is in the store.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Id">Unique within the kind.</param>
/// <param name="Body">UTF-8 text, JSON in most kinds; at most <see cref="StateLimits.LargestBody"/> bytes. Nobody writes to it.</param>
/// <param name="Version">Grows with every write to the store, so that a version is never seen again, even when a document is removed and made anew. 1 and above.</param>
/// <param name="ExpiresAt">When it goes by itself; null: never. To the millisecond.</param>
internal sealed record StoredDocument(string Kind, string Id, ReadOnlyMemory<byte> Body, long Version, DateTimeOffset? ExpiresAt);

/// <summary>A wanted change of one document.</summary>
/// <param name="Kind">Kind of the document.</param>
/// <param name="Id">Id of the document.</param>
/// <param name="ExpectedVersion">The version that must be there; <see cref="Absent"/>: there must be none; null: whatever is there.</param>
internal abstract record StateWrite(string Kind, string Id, long? ExpectedVersion)
{
    /// <summary>As expected version: there must be no such document.</summary>
    public const long Absent = 0;

    /// <summary>Writes the body.</summary>
    public sealed record Put(string Kind, string Id, ReadOnlyMemory<byte> Body, long? ExpectedVersion = null, DateTimeOffset? ExpiresAt = null)
        : StateWrite(Kind, Id, ExpectedVersion);

    /// <summary>Removes the document; no error when there is none and no version is expected.</summary>
    public sealed record Remove(string Kind, string Id, long? ExpectedVersion = null) : StateWrite(Kind, Id, ExpectedVersion);
}

/// <summary>Outcome of a set of changes.</summary>
internal abstract record StateWriteResult
{
    private StateWriteResult()
    {
    }

    /// <summary>All were made; every document written has this version.</summary>
    public sealed record Done(long Version) : StateWriteResult;

    /// <summary>None was made: this document has another version than expected (<see cref="StateWrite.Absent"/>: there is none).</summary>
    public sealed record Conflict(string Kind, string Id, long ActualVersion) : StateWriteResult;
}

/// <summary>What fits into a store.</summary>
internal static class StateLimits
{
    /// <summary>Largest body in bytes: a scene with some hundred layers is well below it, and a listing of a thousand such documents still fits in memory.</summary>
    public const int LargestBody = 512 * 1024;

    /// <summary>Most changes in one call: a key with its alias are two, an import is cut into such pieces; a script in Redis blocks everybody else.</summary>
    public const int MostWrites = 128;

    /// <summary>Longest kind and id in characters.</summary>
    public const int LongestKind = 40, LongestId = 200;

    /// <summary>Kinds are lower-case letters, digits, dashes and colons (<c>stream:key</c>).</summary>
    public static bool IsKind(string text) => text.Length is > 0 and <= LongestKind && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or ':');

    /// <summary>Ids are visible ASCII characters.</summary>
    public static bool IsId(string text) => text.Length is > 0 and <= LongestId && text.All(c => c is > ' ' and < '\x7f');

    /// <summary>Refuses what no store takes.</summary>
    /// <exception cref="ArgumentException">It is outside the limits.</exception>
    public static void Check(IReadOnlyCollection<StateWrite> writes)
    {
        if (writes.Count is 0 or > MostWrites)
            throw new ArgumentException($"must be 1 to {MostWrites} changes", nameof(writes));
        foreach (var write in writes)
        {
            if (!IsKind(write.Kind) || !IsId(write.Id))
                throw new ArgumentException($"\"{write.Kind}\" and \"{write.Id}\" must be a kind and an id", nameof(writes));
            if (write is StateWrite.Put { Body.Length: > LargestBody })
                throw new ArgumentException($"the body of {write.Kind} {write.Id} is larger than {LargestBody} bytes", nameof(writes));
        }

        if (writes.DistinctBy(write => (write.Kind, write.Id)).Count() != writes.Count)
            throw new ArgumentException("a document is there twice", nameof(writes));
    }
}

/// <summary>The store cannot be reached, or cannot write. The message says why and what to do, without secrets.</summary>
internal sealed class StoreUnavailableException : Exception
{
    /// <summary>Creates the exception.</summary>
    public StoreUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    /// <summary>True: the connection ended while the answer was waited for, so that what was asked for may have been done.</summary>
    public bool MayBeDone { get; init; }
}
