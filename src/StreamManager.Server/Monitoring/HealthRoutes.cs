using StreamManager.Server.Api;
using StreamManager.Server.Security;

namespace StreamManager.Server.Monitoring;

/// <summary>The health routes: open, and with nothing in them that an outsider should not know.</summary>
internal sealed class HealthRoutes(HealthChecks checks)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", () => Answer(checks.Ready())).Needs(Permissions.None);
        routes.MapGet("/health/ready", () => Answer(checks.Ready())).Needs(Permissions.None);
        routes.MapGet("/health/live", () => Answer(checks.Live())).Needs(Permissions.None);
    }

    private static IResult Answer(HealthDocument health) => Answers.Json(
        health, ApiJson.Readable.HealthDocument, health.Checks.All(check => check.Ok) ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}
