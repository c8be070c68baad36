using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api.Description;

/// <summary>The document that describes every route, for people and for generators of clients. Made once, when it is first asked for.</summary>
internal sealed class OpenApiRoutes
{
    private readonly Lazy<Task<byte[]>> _document;

    /// <summary>Makes it from the routes of <paramref name="services"/>' application.</summary>
    public OpenApiRoutes(IServiceProvider services) => _document = new Lazy<Task<byte[]>>(() => WriteAsync(services));

    /// <summary>Adds the route.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/openapi/v1.json", async () => TypedResults.Bytes(await _document.Value, "application/json")).Needs(Permissions.View)
        .Describes("getOpenApi", "This document.", route => route.GivesBytes("application/json"));

    private static async Task<byte[]> WriteAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>(OpenApiDescriber.DocumentName).GetOpenApiDocumentAsync();
        return Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
    }
}
