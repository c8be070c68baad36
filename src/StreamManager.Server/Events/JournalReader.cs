using System.Text.Json;
using System.Text.Json.Nodes;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Events;

/// <summary>One answer.</summary>
/// <param name="Events">The events with their positions.</param>
/// <param name="Next">From where to go on; null: there was nothing more.</param>
internal sealed record EventPage(IReadOnlyList<JsonObject> Events, string? Next);

/// <summary>Reads the journal by what somebody wants to know. Thread-safe.</summary>
internal sealed class JournalReader(IEventJournal journal)
{
    /// <summary>Most events of an answer.</summary>
    public const int LargestPage = IEventJournal.LargestPage;

    /// <summary>Entries that one request may look through, so that a filter that fits nothing does not read a whole journal in one go; the answer then says where to go on.</summary>
    internal const int MostScanned = 20_000;

    /// <summary>A page.</summary>
    /// <exception cref="ArgumentException">A position is none of this journal.</exception>
    /// <exception cref="StoreUnavailableException">The store is away.</exception>
    public async ValueTask<EventPage> ReadAsync(EventQuery query, CancellationToken cancellationToken)
    {
        var position = query switch
        {
            { Since: JournalPlace.At since } => since.Position,
            { Since: JournalPlace.On since } => (await journal.ReadNewestAsync(await journal.FindAsync(since.Time, cancellationToken), 1, cancellationToken)).FirstOrDefault()?.Position,
            { Before: JournalPlace.At before } => before.Position,
            { Before: JournalPlace.On before } => await journal.FindAsync(before.Time, cancellationToken),
            _ => null,
        };
        var size = query.TakesAll ? query.Limit : LargestPage;
        var found = new List<JsonObject>();
        for (var scanned = 0; scanned < MostScanned; scanned += size)
        {
            var entries = query.Since is not null
                ? await journal.ReadAsync(position, size, cancellationToken)
                : await journal.ReadNewestAsync(position, size, cancellationToken);
            foreach (var entry in entries)
            {
                position = entry.Position;
                if (Read(entry, query) is not { } wanted)
                    continue;
                found.Add(wanted);
                if (found.Count == query.Limit)
                    return new EventPage(found, position);
            }

            if (entries.Length < size)
                return new EventPage(found, null);
        }

        return new EventPage(found, position);
    }

    // Null: not wanted, or no event of ours.
    private static JsonObject? Read(JournalEntry entry, EventQuery query)
    {
        try
        {
            if (JsonNode.Parse(entry.Body.Span) is not JsonObject happened || (string?)happened["type"] is not { } type || !query.Takes(type, (string?)happened["channel"]))
                return null;
            happened["position"] = entry.Position;
            return happened;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
