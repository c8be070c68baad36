using System.Collections.Immutable;
using System.Text.Json.Nodes;
using StreamManager.Server.Keys;

namespace StreamManager.Server.Events;

/// <summary>What becomes of stream keys and signed addresses, and who changed them.</summary>
internal static class KeyEvents
{
    private static readonly EventType RefusedType = new("key.refused", "keyId", "keyHint", "reason", "remoteAddress");
    private static readonly EventType AddressBannedType = new("key.addressBanned", "remoteAddress", "until");
    private static readonly EventType CreatedType = OfKey("created");
    private static readonly EventType ChangedType = OfKey("changed", "changed", "kicked");
    private static readonly EventType RevealedType = OfKey("revealed");
    private static readonly EventType RotatedType = OfKey("rotated");
    private static readonly EventType RevokedType = OfKey("revoked");
    private static readonly EventType SignedType = new("audit.key.signed", "action", "sourceId", "expiresAt");
    private static readonly EventType SignaturesRotatedType = new("audit.key.signaturesRotated", "overlapSeconds");

    /// <summary>The family.</summary>
    public static ImmutableArray<EventType> All { get; } =
        [RefusedType, AddressBannedType, CreatedType, ChangedType, RevealedType, RotatedType, RevokedType, SignedType, SignaturesRotatedType];

    /// <summary>A key that is known was refused.</summary>
    public static ServerEvent Refused(DateTimeOffset time, StreamKey key, string reason, string remoteAddress) =>
        RefusedType.At(time, key.ChannelId, null, key.Id, key.Hint, reason, remoteAddress);

    /// <summary>An address tried too many wrong keys.</summary>
    public static ServerEvent AddressBanned(DateTimeOffset time, string remoteAddress, DateTimeOffset until) =>
        AddressBannedType.At(time, null, null, remoteAddress, EventType.Word(until));

    /// <summary>Somebody made a key.</summary>
    public static ServerEvent Created(DateTimeOffset time, string actor, StreamKey key) => About(CreatedType, time, actor, key);

    /// <summary>Somebody changed a key; <paramref name="changed"/>: name, expiresAt, allowedAddresses, alias.</summary>
    public static ServerEvent Changed(DateTimeOffset time, string actor, StreamKey key, IEnumerable<string> changed, int kicked) => ChangedType.At(
        time, key.ChannelId, actor, key.Id, key.Name, key.Hint, key.SourceId, key.RotatedFrom, new JsonArray([.. changed.Select(text => JsonValue.Create(text))]), kicked);

    /// <summary>Somebody had a channel's own key shown.</summary>
    public static ServerEvent Revealed(DateTimeOffset time, string actor, StreamKey key) => About(RevealedType, time, actor, key);

    /// <summary>Somebody made a key in place of another; it is about the new one.</summary>
    public static ServerEvent Rotated(DateTimeOffset time, string actor, StreamKey key) => About(RotatedType, time, actor, key);

    /// <summary>Somebody ended a key.</summary>
    public static ServerEvent Revoked(DateTimeOffset time, string actor, StreamKey key) => About(RevokedType, time, actor, key);

    /// <summary>Somebody signed an address.</summary>
    public static ServerEvent Signed(DateTimeOffset time, string actor, SignedGrant grant) => SignedType.At(
        time, grant.Channel, actor, EventType.Word(grant.Action), grant.Source, EventType.Word(DateTimeOffset.FromUnixTimeSeconds(grant.Expires)));

    /// <summary>Somebody ended all signed addresses, at once or after the overlap.</summary>
    public static ServerEvent SignaturesRotated(DateTimeOffset time, string actor, TimeSpan overlap) => SignaturesRotatedType.At(time, null, actor, overlap.TotalSeconds);

    private static EventType OfKey(string what, params ReadOnlySpan<string> more) => new($"audit.key.{what}", ["keyId", "name", "keyHint", "sourceId", "rotatedFrom", .. more]);

    private static ServerEvent About(EventType type, DateTimeOffset time, string actor, StreamKey key) =>
        type.At(time, key.ChannelId, actor, key.Id, key.Name, key.Hint, key.SourceId, key.RotatedFrom);
}
