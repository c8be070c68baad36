using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Server.Channels;
using StreamManager.Server.Security;

namespace StreamManager.Server.Storage;

/// <summary>The state file, as it lies on the disk. Immutable; secrets are sealed.</summary>
/// <param name="Version">Version of the format.</param>
/// <param name="Encryption">Tells a wrong encryption key; null before the first start is done.</param>
/// <param name="Destinations">Destinations added through the API, oldest first.</param>
/// <param name="Overrides">Changes to destinations of the configuration.</param>
/// <param name="IngestKeys">Publish keys that the server made.</param>
/// <param name="Broadcasts">Broadcasts that are on air, by channel: the engine's own records.</param>
internal sealed record StateDocument(
    int Version,
    EncryptionCheck? Encryption,
    ImmutableArray<DestinationEntry> Destinations,
    ImmutableArray<OverrideEntry> Overrides,
    ImmutableArray<IngestKeyEntry> IngestKeys,
    ImmutableDictionary<string, JsonElement> Broadcasts)
{
    /// <summary>The version that this program writes. A file of another one is refused.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The state before the first start.</summary>
    public static StateDocument Empty { get; } = new(CurrentVersion, null, [], [], [], ImmutableDictionary<string, JsonElement>.Empty);

    /// <summary>True when a list holds a null, which the serializer lets through.</summary>
    [JsonIgnore]
    public bool HasHoles => Destinations.Contains(null!) || Overrides.Contains(null!) || IngestKeys.Contains(null!);
}

/// <summary>One added destination. The address is sealed like the key, since it may hold a password.</summary>
internal sealed record DestinationEntry(
    string Id, string ChannelId, string Name, string Platform, string SealedUrl, string SealedStreamKey, bool Enabled, OutputSettingsDocument Settings);

/// <summary>One change to a configured destination.</summary>
internal sealed record OverrideEntry(string Id, bool? Enabled, string? SealedStreamKey);

/// <summary>One publish key.</summary>
internal sealed record IngestKeyEntry(string ChannelId, string SourceId, string SealedKey);

/// <summary>How the state file is written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    WriteIndented = true)]
[JsonSerializable(typeof(StateDocument))]
internal sealed partial class StateJson : JsonSerializerContext;
