using System.Collections.Immutable;
using System.Text.Json.Serialization;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Library;

/// <summary>Keeps what is known about the library's files. No state of its own; every change is durable when a call returns. Throws like <see cref="IStateStore"/>.</summary>
internal sealed class MediaRecords(IStateStore store)
{
    private readonly DocumentSet<MediaRecord> _documents = new(store, "media", MediaJson.Default.MediaRecord);

    /// <summary>All of them, oldest first.</summary>
    /// <exception cref="DamagedDocumentException">One cannot be read, or is of a kind of file that this version does not know.</exception>
    public async Task<ImmutableList<MediaRecord>> LoadAsync(CancellationToken cancellationToken)
    {
        var records = (await _documents.ListAsync(cancellationToken)).Select(document => document.Value).ToArray();
        if (records.FirstOrDefault(record => MediaFormat.All.All(format => format.Name != record.Format)) is { } unknown)
            throw new DamagedDocumentException(_documents.Kind, unknown.FileName);
        return [.. records.OrderBy(record => record.CreatedAt).ThenBy(record => record.FileName, StringComparer.Ordinal)];
    }

    /// <summary>Adds a record.</summary>
    public async Task AddAsync(MediaRecord record, CancellationToken cancellationToken) => await _documents.PutAsync(record.FileName, record, null, cancellationToken);

    /// <summary>Forgets one.</summary>
    public async Task RemoveAsync(string fileName, CancellationToken cancellationToken) => await _documents.RemoveAsync(fileName, null, cancellationToken);
}

/// <summary>How records are stored: words for enumerations, since their numbers mean nothing to a reader.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(MediaRecord))]
internal sealed partial class MediaJson : JsonSerializerContext;
