using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>Destinations: list, add, change, remove, test.</summary>
internal sealed class DestinationRoutes(ApiServices services, ConnectionTester tester)
{
    private static Problem NoDestination { get; } = Problem.Missing("destination");

    private static Problem Configured { get; } = new(
        StatusCodes.Status409Conflict, "destination_is_configured", "This destination comes from the configuration.", "Remove it from config.yml (or the environment), or switch it off here.");

    private static Problem TooMany { get; } = new(
        StatusCodes.Status409Conflict, "too_many_destinations", $"There cannot be more than {DestinationCatalog.MostDestinations} destinations.");

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
        routes.MapPut("/api/destinations/{id}", ChangeAsync).Needs(Permissions.Manage)
            .Describes("changeDestination", "Changes the fields that are given; of a configured one only enabled and streamKey.", route => route
                .Takes<DestinationRequest>("""{ "enabled": false }""").Gives<DestinationDocument>().Tags().Matches().Refuses(404, "destination_not_found"));
        routes.MapDelete("/api/destinations/{id}", RemoveAsync).Needs(Permissions.Manage)
            .Describes("removeDestination", "Removes a destination; on air its server gets a clean end.", route => route.GivesNothing().Matches()
                .Refuses(404, "destination_not_found").Refuses(409, "destination_is_configured"));
        routes.MapPost("/api/destinations/{id}/test-connection", TestAsync).Needs(Permissions.Manage)
            .Describes("testDestination", "Tries handshake, connect and publish permission without going live.", route => route.Gives<ConnectionTestDocument>().Refuses(404, "destination_not_found"));
    }

    private IResult List(HttpContext context)
    {
        // One snapshot of each channel for all of its destinations.
        var outputs = services.Channels.All.SelectMany(channel => channel.GetSnapshot().Outputs).DistinctBy(output => output.Destination.Id)
            .ToDictionary(output => output.Destination.Id, StringComparer.Ordinal);
        return Page.Of(
            context,
            services.Destinations.All,
            entry => entry.Definition.Id,
            entry => Describe(entry, outputs.GetValueOrDefault(entry.Definition.Id)),
            ApiJson.Readable.IReadOnlyListDestinationDocument);
    }

    private IResult Get(string id, HttpContext context) => services.Destinations.Find(id) is { } entry ? Answer(context, entry) : NoDestination;

    private async Task<IResult> AddAsync(HttpRequest request)
    {
        var (fields, problem) = await RequestFields.ReadAsync(request);
        if (fields is null)
            return problem!;
        var wanted = DestinationFields.Read(fields, isNew: true);
        var channelId = wanted.ChannelId ?? ChannelOptions.MainId;
        if (services.Channels.Find(channelId) is null)
            fields.Fail("channelId", "must be the id of a channel");
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var definition = wanted.Over(new DestinationDefinition { Id = DestinationCatalog.NewId(), Name = "", Url = "" });
        if (Check(fields, definition) is { } wrong)
            return wrong;
        if (!await services.Destinations.AddAsync(channelId, definition, request.HttpContext.RequestAborted))
            return TooMany;
        request.HttpContext.Response.Headers.Location = $"/api/destinations/{definition.Id}";
        return Answer(request.HttpContext, services.Destinations.Find(definition.Id)!, StatusCodes.Status201Created);
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        if (services.Destinations.Find(id) is null)
            return NoDestination;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        var wanted = DestinationFields.Read(fields, isNew: false);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        Problem? wrong = null;
        var changed = await services.Destinations.UpdateAsync(
            id,
            entry =>
            {
                if (!EntityTag.IsCurrent(context.Request, TagOf(entry)))
                {
                    wrong = Problem.Stale;
                    return null;
                }

                var definition = wanted.Over(entry.Definition);
                RefuseFixed(fields, wanted, entry, definition);
                wrong = Check(fields, definition);
                return wrong is null ? definition : null;
            },
            context.RequestAborted);
        return wrong is not null ? wrong : changed is null ? NoDestination : Answer(context, changed);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        var isStale = false;
        if (await services.Destinations.RemoveAsync(id, entry => !(isStale = !EntityTag.IsCurrent(context.Request, TagOf(entry))), context.RequestAborted))
            return TypedResults.NoContent();
        return isStale ? Problem.Stale : services.Destinations.Find(id) is null ? NoDestination : Configured;
    }

    private async Task<IResult> TestAsync(string id, HttpContext context)
    {
        if (services.Destinations.Find(id) is not { } entry)
            return NoDestination;

        // A second publish with the same key would throw the running one out.
        var result = OutputOf(entry)?.State is OutputState.Live
            ? new ConnectionTestDocument(true, "publishing", "The program is being delivered right now.")
            : await tester.TestAsync(entry.Definition, context.RequestAborted);
        return Answers.Json(result, ApiJson.Readable.ConnectionTestDocument);
    }

    /// <summary>What cannot be changed: a destination's channel, and of a configured one all but its switch and key.</summary>
    private static void RefuseFixed(RequestFields fields, DestinationFields wanted, CatalogEntry entry, DestinationDefinition definition)
    {
        if (wanted.ChannelId is { } channelId && channelId != entry.ChannelId)
            fields.Fail("channelId", "cannot be changed; add the destination to the other channel instead");
        if (!entry.IsConfigured)
            return;
        const string message = "comes from the configuration; only enabled and streamKey can be changed here";
        if (definition.Name != entry.Definition.Name)
            fields.Fail("name", message);
        if (definition.Platform != entry.Definition.Platform)
            fields.Fail("platform", message);
        if (definition.Url != entry.Definition.Url)
            fields.Fail("url", message);
        if (definition.Settings != entry.Definition.Settings)
            fields.Fail("settings", message);
    }

    private static Problem? Check(RequestFields fields, DestinationDefinition definition)
    {
        if (DestinationRules.Check(definition.Url, definition.StreamKey) is { } message)
            fields.Fail(definition.StreamKey.Length == 0 ? "streamKey" : "url", message);
        if (definition.Settings.RetryMaximum < definition.Settings.RetryInitial)
            fields.Fail("settings/retryMaximumSeconds", "must not be below retryInitialSeconds");
        return fields.Errors.Count > 0 ? Problem.Invalid(fields.Errors) : null;
    }

    private IResult Answer(HttpContext context, CatalogEntry entry, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.ETag = TagOf(entry);
        return Answers.Json(Describe(entry, OutputOf(entry)), ApiJson.Readable.DestinationDocument, status);
    }

    /// <summary>Made of what an editor sees, of the key only its end: a tag of the whole key would let a viewer try keys against it.</summary>
    private static string TagOf(CatalogEntry entry) => EntityTag.Of(Describe(entry, null) with { State = "", LastError = null }, ApiJson.Readable.DestinationDocument);

    private static DestinationDocument Describe(CatalogEntry entry, OutputSnapshot? output)
    {
        var definition = entry.Definition;
        return new DestinationDocument(
            definition.Id,
            definition.Name,
            definition.Platform,
            DestinationRules.Shown(definition.Url, definition.StreamKey),
            definition.Enabled,
            Secret.Hint(definition.StreamKey),
            entry.ChannelId,
            entry.IsConfigured ? "configuration" : "api",
            OutputSettingsDocument.From(definition.Settings),
            // The output itself may still be saying farewell.
            StatusMapper.Word(definition.Enabled ? output?.State ?? OutputState.Idle : OutputState.Disabled),
            StatusMapper.Word(output?.Verdict ?? OutputVerdict.Idle),
            output?.LastError);
    }

    private OutputSnapshot? OutputOf(CatalogEntry entry) =>
        services.Channels.Find(entry.ChannelId)?.GetSnapshot().Outputs.FirstOrDefault(output => output.Destination.Id == entry.Definition.Id);
}
