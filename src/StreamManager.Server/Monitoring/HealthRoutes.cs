using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;

namespace StreamManager.Server.Monitoring;

/// <summary>The health routes: open, and with nothing in them that an outsider should not know. 503 when a check fails, with the reasons in the body.</summary>
internal sealed class HealthRoutes(HealthChecks checks)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", async () => Answer(await checks.AllAsync())).Needs(Permissions.None)
            .Describes("getHealth", "Every check.", Both);
        routes.MapGet("/health/ready", async () => Answer(await checks.ReadyAsync())).Needs(Permissions.None)
            .Describes("getReadiness", "May traffic come?", Both);
        routes.MapGet("/health/live", async () => Answer(await checks.LiveAsync())).Needs(Permissions.None)
            .Describes("getLiveness", "Does the program turn?", Both);
    }

    private static RouteDescription Both(RouteDescription route) => route.Gives<HealthDocument>().Gives<HealthDocument>(StatusCodes.Status503ServiceUnavailable);

    private static IResult Answer(HealthDocument health) => Answers.Json(
        health, ApiJson.Readable.HealthDocument, health.Checks.All(check => check.Ok) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
