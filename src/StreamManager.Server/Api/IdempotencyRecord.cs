using System.Text.Json.Serialization;

namespace StreamManager.Server.Api;

/// <summary>A request that came with a key, and its answer.</summary>
/// <param name="Request">Hash of what was sent.</param>
/// <param name="Status">Of the answer; 0: it is still being made.</param>
/// <param name="ContentType">Of the answer.</param>
/// <param name="Location">Header of the answer.</param>
/// <param name="Tag">Its ETag.</param>
/// <param name="Body">Sealed for <c>idempotency/ID</c>.</param>
internal sealed record IdempotencyRecord(string Request, int Status = 0, string? ContentType = null, string? Location = null, string? Tag = null, string Body = "")
{
    /// <summary>It belongs to another request than the one that asks.</summary>
    [JsonIgnore]
    public bool IsOther { get; init; }
}

/// <summary>How it is kept.</summary>
[JsonSerializable(typeof(IdempotencyRecord))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
internal sealed partial class IdempotencyJson : JsonSerializerContext;
