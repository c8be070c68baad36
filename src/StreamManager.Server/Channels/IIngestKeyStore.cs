namespace StreamManager.Server.Channels;

/// <summary>Keeps the publish keys that the server made. Durable when a call returns. Thread-safe.</summary>
internal interface IIngestKeyStore
{
    /// <summary>The key of a source; null: none was made yet.</summary>
    string? LoadIngestKey(string channelId, string sourceId);

    /// <summary>Keeps the key of a source.</summary>
    void SaveIngestKey(string channelId, string sourceId, string key);
}
