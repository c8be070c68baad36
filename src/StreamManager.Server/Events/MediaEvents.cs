using System.Collections.Immutable;
using StreamManager.Server.Library;

namespace StreamManager.Server.Events;

/// <summary>What becomes of uploads and files of the media library. The actor is who sent or removed them.</summary>
internal static class MediaEvents
{
    private static readonly EventType UploadingType = new("media.uploading", "uploadId", "title", "receivedBytes", "totalBytes");
    private static readonly EventType AddedType = new("media.added", "filename", "title", "type", "size");
    private static readonly EventType RejectedType = new("media.rejected", "uploadId", "title", "code", "reason");
    private static readonly EventType RemovedType = new("media.removed", "filename", "title");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } = [UploadingType, AddedType, RejectedType, RemovedType];

    /// <summary>How an upload gets on; <paramref name="totalBytes"/>: null where the sender does not say. Passing: <see cref="EventTypes.IsPassing"/>.</summary>
    public static ServerEvent Uploading(DateTimeOffset time, string? actor, string uploadId, string title, long receivedBytes, long? totalBytes) =>
        UploadingType.At(time, null, actor, uploadId, title, receivedBytes, totalBytes);

    /// <summary>There is another file.</summary>
    public static ServerEvent Added(DateTimeOffset time, string? actor, MediaRecord record) =>
        AddedType.At(time, null, actor, record.FileName, record.Title, EventType.Word(record.Kind), record.Size);

    /// <summary>An upload was not taken.</summary>
    public static ServerEvent Rejected(DateTimeOffset time, string? actor, string uploadId, string title, string code, string reason) =>
        RejectedType.At(time, null, actor, uploadId, title, code, reason);

    /// <summary>A file is gone.</summary>
    public static ServerEvent Removed(DateTimeOffset time, string? actor, MediaRecord record) => RemovedType.At(time, null, actor, record.FileName, record.Title);
}
