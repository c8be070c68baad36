using StreamManager.Engine.Channels;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>Destinations: list, add, change, remove, test.</summary>
internal sealed class DestinationRoutes(ApiServices services, ConnectionTester tester)
{
    private readonly DestinationOperations _operations = new(services);

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/destinations", List).Needs(Permissions.View)
            .Describes("listDestinations", "The destinations of all channels.", route => route.Lists<DestinationDocument>());
        routes.MapPost("/api/destinations", AddAsync).Needs(Permissions.Manage)
            .Describes("addDestination", "Adds a destination; on air at once.", route => route
                .Takes<NewDestinationRequest>("""{ "name": "Example", "url": "rtmp://127.0.0.1:1/app", "streamKey": "key", "enabled": false }""")
                .Gives<DestinationDocument>(201).Tags().Creates().Refuses(409, "too_many_destinations"));
        routes.MapGet("/api/destinations/{id}", Get).Needs(Permissions.View)
            .Describes("getDestination", "A destination.", route => route.Gives<DestinationDocument>().Tags().Refuses(404, "destination_not_found"));
        routes.MapPut("/api/destinations/{id}", ChangeAsync).Needs(DestinationOperations.ToChange)
            .Describes("changeDestination", "Changes the fields that are given; of a configured one only enabled and streamKey. For enabled alone operate is enough.", route => route
                .Takes<DestinationRequest>("""{ "enabled": false }""").Gives<DestinationDocument>().Tags().Matches().Refuses(404, "destination_not_found"));
        routes.MapDelete("/api/destinations/{id}", RemoveAsync).Needs(Permissions.Manage)
            .Describes("removeDestination", "Removes a destination; on air its server gets a clean end.", route => route.GivesNothing().Matches()
                .Refuses(404, "destination_not_found").Refuses(409, "destination_is_configured"));
        routes.MapPost("/api/destinations/{id}/test-connection", TestAsync).Needs(Permissions.Manage)
            .Describes("testDestination", "Tries handshake, connect and publish permission without going live.", route => route.Gives<ConnectionTestDocument>()
                .Refuses(404, "destination_not_found").Refuses(429, "too_many_tests"));
    }

    private static Problem TooManyTests { get; } = new(
        StatusCodes.Status429TooManyRequests, "too_many_tests", $"{ConnectionTester.MostAtOnce} destinations are being tested already.", "Try again when one of them is done.");

    private IResult List(HttpContext context)
    {
        // One snapshot of each channel for all of its destinations.
        var outputs = services.Channels.All.SelectMany(channel => channel.GetSnapshot().Outputs).DistinctBy(output => output.Destination.Id)
            .ToDictionary(output => output.Destination.Id, StringComparer.Ordinal);
        return Page.Of(
            context,
            services.Destinations.All,
            entry => entry.Definition.Id,
            entry => DestinationOperations.Describe(entry, outputs.GetValueOrDefault(entry.Definition.Id)),
            ApiJson.Readable.IReadOnlyListDestinationDocument);
    }

    private IResult Get(string id) => services.Destinations.Find(id) is { } entry ? _operations.Answer(entry) : DestinationOperations.NoDestination;

    private async Task<IResult> AddAsync(HttpRequest request)
    {
        var (fields, problem) = await RequestFields.ReadAsync(request);
        return fields is null ? problem! : await _operations.AddAsync(fields, request.HttpContext.Caller(), request.HttpContext.RequestAborted);
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        if (services.Destinations.Find(id) is null)
            return DestinationOperations.NoDestination;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        return fields is null ? problem! : await _operations.ChangeAsync(id, fields, tag => EntityTag.IsCurrent(context.Request, tag), context.Caller(), context.RequestAborted);
    }

    private Task<IResult> RemoveAsync(string id, HttpContext context) =>
        _operations.RemoveAsync(id, tag => EntityTag.IsCurrent(context.Request, tag), context.Caller(), context.RequestAborted);

    private async Task<IResult> TestAsync(string id, HttpContext context)
    {
        if (services.Destinations.Find(id) is not { } entry)
            return DestinationOperations.NoDestination;

        // A second publish with the same key would throw the running one out.
        var result = _operations.OutputOf(entry)?.State is OutputState.Live
            ? new ConnectionTestDocument(true, "publishing", "The program is being delivered right now.")
            : await tester.TestAsync(entry.Definition, context.RequestAborted);
        if (result is not null)
            return Answers.Json(result, ApiJson.Readable.ConnectionTestDocument);
        context.Response.Headers.RetryAfter = "5";
        return TooManyTests;
    }
}
