using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Realtime;

namespace StreamManager.Server.Api;

/// <summary>How answers are written.</summary>
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(IReadOnlyList<ChannelDocument>))]
[JsonSerializable(typeof(ChannelDocument))]
[JsonSerializable(typeof(ChannelSettingsDocument))]
[JsonSerializable(typeof(IReadOnlyList<DestinationDocument>))]
[JsonSerializable(typeof(DestinationDocument))]
[JsonSerializable(typeof(ConnectionTestDocument))]
[JsonSerializable(typeof(IReadOnlyList<KeyDocument>))]
[JsonSerializable(typeof(KeyDocument))]
[JsonSerializable(typeof(KeyTagDocument))]
[JsonSerializable(typeof(SignedUrlDocument))]
[JsonSerializable(typeof(IReadOnlyList<StreamDocument>))]
[JsonSerializable(typeof(SimulcastStatusDocument))]
[JsonSerializable(typeof(SimulcastHealthDocument))]
[JsonSerializable(typeof(SimulcastMetricsDocument))]
[JsonSerializable(typeof(SetupDocument))]
[JsonSerializable(typeof(MeDocument))]
[JsonSerializable(typeof(IReadOnlyList<SessionDocument>))]
[JsonSerializable(typeof(IReadOnlyList<TokenDocument>))]
[JsonSerializable(typeof(TokenDocument))]
[JsonSerializable(typeof(IReadOnlyList<UserDocument>))]
[JsonSerializable(typeof(UserDocument))]
[JsonSerializable(typeof(UserLinkDocument))]
[JsonSerializable(typeof(IReadOnlyList<BroadcastSummary>))]
[JsonSerializable(typeof(BroadcastReport))]
[JsonSerializable(typeof(EventsDocument))]
[JsonSerializable(typeof(ConfigurationDocument))]
[JsonSerializable(typeof(DrillStatus))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(SystemDocument))]
[JsonSerializable(typeof(LogDocument))]
[JsonSerializable(typeof(IReadOnlyList<MediaDocument>))]
[JsonSerializable(typeof(MediaDocument))]
[JsonSerializable(typeof(IReadOnlyList<UploadDocument>))]
[JsonSerializable(typeof(UploadDocument))]
[JsonSerializable(typeof(FallbackDocument))]
[JsonSerializable(typeof(IReadOnlyList<WebhookDocument>))]
[JsonSerializable(typeof(WebhookDocument))]
[JsonSerializable(typeof(WebhookSettingsDocument))]
[JsonSerializable(typeof(IReadOnlyList<WebhookDeliveryDocument>))]
[JsonSerializable(typeof(WebhookDeliveryDocument))]
[JsonSerializable(typeof(WebhookSecretDocument))]
[JsonSerializable(typeof(WebhookTestDocument))]
[JsonSerializable(typeof(WebhookReplayDocument))]
[JsonSerializable(typeof(RealtimeMetricsDocument))]
[JsonSerializable(typeof(RealtimeWebhooksDocument))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(ProblemDocument))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>Letters and signs stand for themselves. Nobody takes these answers for HTML: their type is JSON, and sniffing is switched off.</summary>
    public static ApiJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
