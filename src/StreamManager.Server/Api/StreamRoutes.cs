using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Security;

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
        routes.MapDelete("/api/streams/{clientId}", IResult (string clientId) =>
            services.Connections.Kick(clientId, "an operator closed it") ? TypedResults.NoContent() : Problem.Missing("stream")).Needs(Permissions.Operate)
            .Describes("closeStream", "Closes somebody's connection.", route => route.GivesNothing().Refuses(404, "stream_not_found"));
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
        StatusMapper.Utc(connection.ConnectedAt)!.Value,
        (long)(services.Time.GetUtcNow() - connection.ConnectedAt).TotalSeconds);
}
