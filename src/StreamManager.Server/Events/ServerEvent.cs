using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace StreamManager.Server.Events;

/// <summary>Something that happened, as the journal, the WebSocket and webhooks tell it. Immutable.</summary>
/// <param name="Id">Unique: <c>evt_</c> and 22 letters and digits. The same in journal, WebSocket and webhooks (<c>webhook-id</c>), so that a receiver knows it again.</param>
/// <param name="Type">Dotted: <c>connection.prePublish</c>, <c>program.onAir</c>, <c>destination.live</c>, <c>audit.destination.created</c>.</param>
/// <param name="Time">When.</param>
/// <param name="ChannelId">The channel that it is about; null: the server.</param>
/// <param name="Actor">Who did it: <c>user:anna</c>, <c>token:ci</c>, <c>key:…a1b2</c>; null: nobody, it happened.</param>
/// <param name="Data">Its fields; camelCase, no secrets. Nobody changes it.</param>
internal sealed record ServerEvent(string Id, string Type, DateTimeOffset Time, string? ChannelId, string? Actor, JsonObject Data)
{
    /// <summary>A new id, never used before.</summary>
    public static string NewId() => "evt_" + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 22);
}
