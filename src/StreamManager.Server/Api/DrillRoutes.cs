using StreamManager.Engine.Channels;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>What a drill is asked for.</summary>
internal sealed record DrillRequest(int Seconds, bool OnAir);

/// <summary>Rehearsals of a loss: begun by somebody, then looked at until they are done.</summary>
internal sealed class DrillRoutes(ApiServices services, FailoverDrill drills)
{
    /// <summary>A cut long enough to see the fallback, short enough for an encoder's keyframe to come soon after.</summary>
    private const int DefaultSeconds = 5;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/channels/{id}/drill", (Delegate)BeginAsync).Needs(Permissions.Operate)
            .Describes("beginDrill", "Cuts the source off for some seconds, sends the program to a sink of its own meanwhile, and measures what came.", route => route
                .Takes<DrillRequest>("""{ "seconds": 5 }""", isOptional: true).Gives<DrillStatus>(StatusCodes.Status202Accepted)
                .Refuses(404, "channel_not_found").Refuses(409, "no_source", "viewers_would_see_it", "drill_running"));
        routes.MapGet("/api/channels/{id}/drill", (string id) => Get(id)).Needs(Permissions.View)
            .Describes("getDrill", "The newest drill of a channel, running or done.", route => route.Gives<DrillStatus>().Refuses(404, "channel_not_found", "drill_not_found"));
    }

    private async Task<IResult> BeginAsync(string id, HttpRequest request)
    {
        if (services.Channels.Find(id) is not { } channel)
            return ChannelOperations.NoChannel;
        var (fields, problem) = await RequestFields.ReadOptionalAsync(request);
        if (fields is null)
            return problem!;
        var seconds = fields.Integer("seconds", FailoverDrill.ShortestCut, FailoverDrill.LongestCut) ?? DefaultSeconds;
        var onAir = fields.Boolean("onAir") ?? false;
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var snapshot = channel.GetSnapshot();
        if (snapshot.State is not ChannelState.Live)
        {
            return new Problem(
                StatusCodes.Status409Conflict, "no_source", "There is no source on the program to be cut off.", "Publish with an encoder, and start the channel if it was stopped; then try again.");
        }

        if (!onAir && FailoverDrill.Watched(snapshot) is { IsEmpty: false } watched)
        {
            return new Problem(
                StatusCodes.Status409Conflict,
                "viewers_would_see_it",
                $"The program goes to {string.Join(", ", watched)}: viewers there would see the fallback for some {seconds} s.",
                "Switch these destinations off, or send \"onAir\": true to do it all the same.");
        }

        if (drills.Begin(channel, seconds) is not { } drill)
            return new Problem(StatusCodes.Status409Conflict, "drill_running", "A drill is running; wait for its end.");
        services.Events.Publish(AuditEvents.DrillBegun(services.Time.GetUtcNow(), request.HttpContext.Caller().Actor, id, seconds));
        return Answers.Json(drill, ApiJson.Readable.DrillStatus, StatusCodes.Status202Accepted);
    }

    private IResult Get(string id)
    {
        if (services.Channels.Find(id) is null)
            return ChannelOperations.NoChannel;
        return drills.Find(id) is { } drill
            ? Answers.Json(drill, ApiJson.Readable.DrillStatus)
            : new Problem(StatusCodes.Status404NotFound, "drill_not_found", "There was no drill of this channel since the server started.");
    }
}
