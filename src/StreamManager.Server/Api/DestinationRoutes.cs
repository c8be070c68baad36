using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
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
        routes.MapGet("/api/destinations", () => Answers.Json([.. services.Destinations.All.Select(Describe)], ApiJson.Readable.IReadOnlyListDestinationDocument)).Needs(Permissions.View);
        routes.MapPost("/api/destinations", AddAsync).Needs(Permissions.Manage);
        routes.MapGet("/api/destinations/{id}", (string id) => services.Destinations.Find(id) is { } entry ? Answers.Json(Describe(entry), ApiJson.Readable.DestinationDocument) : NoDestination).Needs(Permissions.View);
        routes.MapPut("/api/destinations/{id}", ChangeAsync).Needs(Permissions.Manage);
        routes.MapDelete("/api/destinations/{id}", RemoveAsync).Needs(Permissions.Manage);
        routes.MapPost("/api/destinations/{id}/test-connection", TestAsync).Needs(Permissions.Manage);
    }

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
        return Answers.Json(Describe(services.Destinations.Find(definition.Id)!), ApiJson.Readable.DestinationDocument, StatusCodes.Status201Created);
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
                var definition = wanted.Over(entry.Definition);
                RefuseFixed(fields, wanted, entry, definition);
                wrong = Check(fields, definition);
                return wrong is null ? definition : null;
            },
            context.RequestAborted);
        return wrong is not null ? wrong : changed is null ? NoDestination : Answers.Json(Describe(changed), ApiJson.Readable.DestinationDocument);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        if (await services.Destinations.RemoveAsync(id, context.RequestAborted))
            return TypedResults.NoContent();
        return services.Destinations.Find(id) is null ? NoDestination : Configured;
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

    private DestinationDocument Describe(CatalogEntry entry)
    {
        var definition = entry.Definition;
        var output = OutputOf(entry);
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
