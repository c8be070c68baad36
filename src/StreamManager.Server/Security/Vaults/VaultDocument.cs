using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace StreamManager.Server.Security.Vaults;

/// <summary>The data keys as they are stored. Enough to tell a wrong master key, nothing to find the right one.</summary>
/// <param name="Salt">Base64 salt of the passphrase; null when the master key is not made of one.</param>
/// <param name="Keys">The data keys, oldest first; the last one seals, all of them open.</param>
internal sealed record VaultDocument(string? Salt, ImmutableArray<DataKeyEntry> Keys);

/// <summary>One data key.</summary>
/// <param name="Id">Stands in front of everything that it sealed.</param>
/// <param name="Wrapped">The key, sealed by the master key.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record DataKeyEntry(string Id, string Wrapped, DateTimeOffset CreatedAt);

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(VaultDocument))]
internal sealed partial class VaultJson : JsonSerializerContext;
