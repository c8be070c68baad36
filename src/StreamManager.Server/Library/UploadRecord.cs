using System.Text.Json.Serialization;

namespace StreamManager.Server.Library;

/// <summary>One upload in parts, as it lies beside its bytes. Immutable.</summary>
/// <param name="Id">Made by the server; cannot be guessed.</param>
/// <param name="Title">The user's name for the file; cleaned.</param>
/// <param name="Actor">Who began it.</param>
/// <param name="Length">Bytes of the whole file.</param>
/// <param name="Offset">Bytes that the disk has, from the start.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="ChangedAt">When the last part came, or it was decided.</param>
/// <param name="Sha256">Of the whole file, since it is being looked into; null: not yet.</param>
/// <param name="FileName">The file of the library that it became; null: none.</param>
/// <param name="Refusal">Why the library did not take it; null: it did, or is not decided.</param>
internal sealed record UploadRecord(
    string Id,
    string Title,
    string Actor,
    long Length,
    long Offset,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    string? Sha256 = null,
    string? FileName = null,
    MediaRefusal? Refusal = null)
{
    /// <summary>All bytes are there.</summary>
    [JsonIgnore]
    public bool IsWhole => Offset == Length;

    /// <summary>It became a file of the library, or never will.</summary>
    [JsonIgnore]
    public bool IsDecided => FileName is not null || Refusal is not null;

    /// <summary>When it is forgotten, with its bytes.</summary>
    [JsonIgnore]
    public DateTimeOffset ExpiresAt => ChangedAt + MediaLimits.UploadLifetime;
}

/// <summary>How they are stored.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(UploadRecord))]
internal sealed partial class UploadJson : JsonSerializerContext;
