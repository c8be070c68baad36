using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>What a route needs, as metadata of its endpoint. A route without it is for owners only; a test finds such routes.</summary>
/// <param name="Needed">The permission; of several one is enough, and the route itself looks for which of what it does. <see cref="Permissions.None"/>: anybody, also without a token.</param>
internal sealed record RouteAccess(Permissions Needed);

/// <summary>Marks routes.</summary>
internal static class RouteAccessExtensions
{
    /// <summary>The route needs this permission, or one of these.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder builder, Permissions permission)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAccess(permission));
}
