using StreamManager.Server.Channels;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>Who publishes and watches, and how to be rid of somebody.</summary>
internal sealed class StreamRoutes(ApiServices services)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/streams", () => Answers.Json([.. services.Connections.All.Select(Describe)], ApiJson.Readable.IReadOnlyListStreamDocument)).Needs(Permissions.View);
        routes.MapDelete("/api/streams/{clientId}", IResult (string clientId) =>
            services.Connections.Kick(clientId, "an operator closed it") ? TypedResults.NoContent() : Problem.Missing("stream")).Needs(Permissions.Operate);
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
