using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Webhooks;

/// <summary>Events of the past, out of the journal, for a replay. No state of its own.</summary>
internal sealed class WebhookHistory(IEventJournal journal)
{
    /// <summary>Entries that one replay looks through, from the newest back: about 20 MB. It bounds memory and the time of a request.</summary>
    private const int MostPages = 20;

    /// <summary>
    /// The events since a time, oldest first. What stands farther back in the journal than <see cref="MostPages"/> pages is not found; entries that are no events are left out.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The journal cannot be read.</exception>
    public async Task<ImmutableArray<ServerEvent>> ReadAsync(DateTimeOffset since, Func<ServerEvent, bool> isWanted, CancellationToken cancellationToken)
    {
        var found = new List<ServerEvent>();
        string? before = null;
        for (var page = 0; page < MostPages; page++)
        {
            var entries = await journal.ReadNewestAsync(before, IEventJournal.LargestPage, cancellationToken);
            foreach (var entry in entries)
            {
                before = entry.Position;
                if (entry.Time >= since && Read(entry.Body.Span) is { } happened && isWanted(happened))
                    found.Add(happened);
            }

            // Entries stand in the order in which they came, which is that of their times but for moments.
            if (entries.Length < IEventJournal.LargestPage || entries[^1].Time < since)
                break;
        }

        found.Reverse();
        return [.. found];
    }

    /// <summary>An entry as the event that it was; null: it is none.</summary>
    internal static ServerEvent? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            if (JsonNode.Parse(body) is not JsonObject entry || (string?)entry["id"] is not { } id || (string?)entry["type"] is not { } type || entry["data"] is not JsonObject data
                || !DateTimeOffset.TryParse((string?)entry["time"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
                return null;

            // The id becomes a header.
            return StateLimits.IsId(id) ? new ServerEvent(id, type, time, (string?)entry["channel"], (string?)entry["actor"], data) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }
}
