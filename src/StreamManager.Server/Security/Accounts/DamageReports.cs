using StreamManager.Server.Events;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>Tells of documents that are left out because they cannot be read: in the log and the journal, each once. Thread-safe.</summary>
internal sealed partial class DamageReports(EventBus events, TimeProvider time, ILogger<DamageReports> logger)
{
    /// <summary>Documents that are remembered as told; when somebody damages more, they are told of again rather than kept for ever.</summary>
    private const int MostRemembered = 1_000;

    private readonly Lock _lock = new();
    private readonly HashSet<(string Kind, string Id)> _told = [];

    /// <summary>Tells of some.</summary>
    public void Tell(IEnumerable<StoredDocument> damaged)
    {
        foreach (var document in damaged)
            Tell(new DamagedDocumentException(document.Kind, document.Id));
    }

    /// <summary>Tells of one.</summary>
    public void Tell(DamagedDocumentException damage)
    {
        lock (_lock)
        {
            if (_told.Count >= MostRemembered)
                _told.Clear();
            if (!_told.Add((damage.Kind, damage.Id)))
                return;
        }

        LogDamaged(damage.Message);
        events.Publish(ServerEvents.StoreDamaged(time.GetUtcNow(), damage.Kind, damage.Id));
    }

    [LoggerMessage(1, LogLevel.Error, "{Message} It is left out.")]
    private partial void LogDamaged(string message);
}
