using StreamManager.Server.Api.Description;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>The reports of broadcasts: what was shown when, how long the fallback, how each destination did.</summary>
internal sealed class BroadcastRoutes(BroadcastHistory history, EventBus events, TimeProvider time)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/broadcasts", List).Needs(Permissions.View)
            .Describes("listBroadcasts", "The reports of broadcasts, the newest first (by pages: the oldest first).", route => route.Lists<BroadcastSummary>());
        routes.MapGet("/api/broadcasts/{id}", (Delegate)GetAsync).Needs(Permissions.View)
            .Describes("getBroadcast", "The report of one broadcast, on air or over.", route => route.Gives<BroadcastReport>().Refuses(404, "broadcast_not_found"));
        routes.MapDelete("/api/broadcasts/{id}", (Delegate)RemoveAsync).Needs(Permissions.Manage)
            .Describes("deleteBroadcast", "Removes the report of a broadcast that is over.", route => route.GivesNothing()
                .Refuses(404, "broadcast_not_found").Refuses(409, "broadcast_on_air"));
    }

    private IResult List(HttpContext context) => Page.Of(context, history.Summaries, summary => summary.Id, summary => summary, ApiJson.Readable.IReadOnlyListBroadcastSummary);

    private async Task<IResult> GetAsync(string id, HttpContext context) => await history.FindAsync(id, context.RequestAborted) is { } report
        ? Answers.Json(report, ApiJson.Readable.BroadcastReport)
        : NoBroadcast(id);

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        if (!history.Has(id))
            return NoBroadcast(id);
        if (!await history.RemoveAsync(id, CancellationToken.None))
            return new Problem(StatusCodes.Status409Conflict, "broadcast_on_air", "The broadcast is on air, or its report is still being saved.", "Try again when it is over.");
        events.Publish(AuditEvents.BroadcastDeleted(time.GetUtcNow(), context.Caller().Actor, id));
        return Results.NoContent();
    }

    private static Problem NoBroadcast(string id) => new(StatusCodes.Status404NotFound, "broadcast_not_found", $"There is no report of a broadcast \"{id}\".");
}
