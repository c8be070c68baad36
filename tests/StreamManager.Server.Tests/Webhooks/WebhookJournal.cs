using System.Text.Json.Nodes;
using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>Entries as the journal has them.</summary>
internal static class WebhookJournal
{
    /// <summary>Appends events of a type, a second apart.</summary>
    public static async Task AppendAsync(IEventJournal journal, DateTimeOffset first, int count, string type)
    {
        var entries = Enumerable.Range(0, count)
            .Select(index => new ServerEvent(ServerEvent.NewId(), type, first.AddSeconds(index), "main", null, new JsonObject { ["index"] = index }))
            .Select(happened => new JournalEntry("", happened.Time, EventJson.ToBytes(happened)));
        foreach (var piece in entries.Chunk(100))
            await journal.AppendAsync([.. piece], CancellationToken.None);
    }
}
