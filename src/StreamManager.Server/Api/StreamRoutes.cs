using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>Who publishes and watches, and how to be rid of somebody.</summary>
internal sealed class StreamRoutes(ApiServices services)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/streams", (HttpContext context) => Page.Of(
            context, [.. services.Connections.All], connection => connection.Id, Describe, ApiJson.Readable.IReadOnlyListStreamDocument)).Needs(Permissions.View)
            .Describes("listStreams", "Publishers and viewers.", route => route.Lists<StreamDocument>());
        routes.MapDelete("/api/streams/{clientId}", (string clientId, HttpContext context) => Kick(clientId, context.Caller())).Needs(Permissions.Operate)
            .Describes("closeStream", "Closes somebody's connection.", route => route.GivesNothing().Refuses(404, "stream_not_found"));
    }

    /// <summary>Closes somebody's connection; nothing to answer.</summary>
    public IResult Kick(string clientId, Caller caller)
    {
        var connection = services.Connections.All.FirstOrDefault(connection => connection.Id == clientId);
        if (!services.Connections.Kick(clientId, "an operator closed it"))
            return Problem.Missing("stream");
        services.Events.Publish(AuditEvents.StreamKicked(services.Time.GetUtcNow(), caller.Actor, connection?.ChannelId, clientId));
        return TypedResults.NoContent();
    }

    private StreamDocument Describe(StreamConnection connection) => new(
        connection.Id,
        StatusMapper.Word(connection.Role),
        connection.Protocol,
        connection.ChannelId,
        connection.SourceId,
        connection.SourceId is null ? connection.ChannelId : $"{connection.ChannelId}/{connection.SourceId}",
        connection.RemoteAddress,
        connection.Client,
        connection.KeyId,
        StatusMapper.Utc(connection.ConnectedAt)!.Value,
        (long)(services.Time.GetUtcNow() - connection.ConnectedAt).TotalSeconds);
}
