using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>Status, start, stop and source selection, for <c>main</c> and for any channel.</summary>
internal sealed class ChannelRoutes(ApiServices services)
{
    private readonly ChannelOperations _operations = new(services);

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        const string main = ChannelOptions.MainId;
        routes.MapGet("/api/status", (HttpRequest request) => Status(main, request)).Needs(Permissions.View)
            .Describes("getStatus", "The state of channel main: sources, program, destinations.", route => route.Gives<StatusDocument>());
        routes.MapPost("/api/start", (HttpRequest request) => StartAsync(main, request)).Needs(Permissions.Operate)
            .Describes("start", "Goes on air, with the fallback until a source is there.", route => route.Gives<StatusDocument>());
        routes.MapPost("/api/stop", (HttpRequest request) => StopAsync(main, request)).Needs(Permissions.Operate)
            .Describes("stop", "Ends the broadcast; answered when the destinations have been told.", route => route.Gives<StatusDocument>());
        routes.MapGet("/api/channels", (HttpContext context) => Page.Of(context, services.Catalog.All, entry => entry.Id, Describe, ApiJson.Readable.IReadOnlyListChannelDocument)).Needs(Permissions.View)
            .Describes("listChannels", "The channels.", route => route.Lists<ChannelDocument>());
        routes.MapPost("/api/channels", AddAsync).Needs(Permissions.Manage)
            .Describes("addChannel", "Adds a channel.", route => route.Takes<NewChannelRequest>("""{ "id": "second" }""").Gives<ChannelDocument>(201).Tags().Creates()
                .Refuses(409, "channel_exists", "too_many_channels"));
        routes.MapGet("/api/channels/{id}", (string id, HttpContext context) => services.Catalog.Find(id) is { } entry ? Answer(context, entry) : NoChannel).Needs(Permissions.View)
            .Describes("getChannel", "A channel.", route => route.Gives<ChannelDocument>().Tags().Refuses(404, "channel_not_found"));
        routes.MapPut("/api/channels/{id}", ChangeAsync).Needs(Permissions.Manage)
            .Describes("changeChannel", "Changes the settings that are given.", route => route.Takes<ChannelRequest>("""{ "settings": { "returnAfterSeconds": 5 } }""")
                .Gives<ChannelDocument>().Tags().Matches().Refuses(404, "channel_not_found"));
        routes.MapDelete("/api/channels/{id}", RemoveAsync).Needs(Permissions.Manage)
            .Describes("removeChannel", "Removes a channel that was added by the API, with its destinations.", route => route.GivesNothing().Matches()
                .Refuses(404, "channel_not_found").Refuses(409, "channel_is_configured"));
        routes.MapDelete("/api/channels/{id}/settings", ResetAsync).Needs(Permissions.Manage)
            .Describes("resetChannel", "Takes back every setting that was changed by the API.", route => route.Gives<ChannelDocument>().Tags().Matches().Refuses(404, "channel_not_found"));
        routes.MapGet("/api/channels/{id}/status", (string id, HttpRequest request) => Status(id, request)).Needs(Permissions.View)
            .Describes("getChannelStatus", "The state of a channel.", route => route.Gives<StatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapPost("/api/channels/{id}/start", (string id, HttpRequest request) => StartAsync(id, request)).Needs(Permissions.Operate)
            .Describes("startChannel", "Takes a channel on air.", route => route.Gives<StatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapPost("/api/channels/{id}/stop", (string id, HttpRequest request) => StopAsync(id, request)).Needs(Permissions.Operate)
            .Describes("stopChannel", "Ends a channel's broadcast.", route => route.Gives<StatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapPost("/api/channels/{id}/source", (string id, HttpRequest request) => SelectAsync(id, request)).Needs(Permissions.Operate)
            .Describes("selectSource", "Chooses what the program shows.", route => route.Takes<SourceSelectionRequest>("""{ "select": "auto" }""").Gives<StatusDocument>().Refuses(404, "channel_not_found"));
    }

    private static Problem NoChannel => ChannelOperations.NoChannel;

    private IResult Status(string id, HttpRequest request) => _operations.Status(id, request.Host.Host);

    private Task<IResult> StartAsync(string id, HttpRequest request) =>
        _operations.StartAsync(id, request.HttpContext.Caller(), request.Host.Host, request.HttpContext.RequestAborted);

    private Task<IResult> StopAsync(string id, HttpRequest request) =>
        _operations.StopAsync(id, request.HttpContext.Caller(), request.Host.Host, request.HttpContext.RequestAborted);

    private async Task<IResult> SelectAsync(string id, HttpRequest request)
    {
        if (services.Channels.Find(id) is null)
            return NoChannel;
        var (fields, problem) = await RequestFields.ReadAsync(request);
        return fields is null ? problem! : await _operations.SelectAsync(id, fields, request.HttpContext.Caller(), request.Host.Host, request.HttpContext.RequestAborted);
    }

    private async Task<IResult> AddAsync(HttpRequest request)
    {
        var context = request.HttpContext;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        using var hold = await services.Library.HoldAsync(context.RequestAborted);
        var id = fields.RequiredText("id", ConfigFileReader.ChannelId);
        var settings = ReadSettings(fields);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        var change = await services.Catalog.AddAsync(id!, settings, context.RequestAborted);
        if (change is not ChannelChange.Done)
            return Refusal(change);
        await services.Destinations.ApplyAsync(id!);
        services.Events.Publish(AuditEvents.ChannelCreated(services.Time.GetUtcNow(), context.Caller().Actor, id!));
        await ConfigureKeysAsync();
        context.Response.Headers.Location = $"/api/channels/{id}";
        return Answer(context, services.Catalog.Find(id!)!, StatusCodes.Status201Created);
    }

    private async Task<IResult> ChangeAsync(string id, HttpContext context)
    {
        if (services.Catalog.Find(id) is null)
            return NoChannel;
        var (fields, problem) = await RequestFields.ReadAsync(context.Request);
        if (fields is null)
            return problem!;
        using var hold = await services.Library.HoldAsync(context.RequestAborted);
        var settings = ReadSettings(fields);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        return await UpdateAsync(id, context, current => current.With(settings));
    }

    private async Task<IResult> ResetAsync(string id, HttpContext context) => await UpdateAsync(id, context, _ => new ChannelSettings());

    private async Task<IResult> UpdateAsync(string id, HttpContext context, Func<ChannelSettings, ChannelSettings> change)
    {
        var result = await services.Catalog.UpdateAsync(
            id, entry => EntityTag.IsCurrent(context.Request, TagOf(entry)) ? change(entry.Settings) : null, context.RequestAborted);
        if (result is not ChannelChange.Done || services.Catalog.Find(id) is not { } changed)
            return Refusal(result);
        services.Events.Publish(AuditEvents.ChannelUpdated(services.Time.GetUtcNow(), context.Caller().Actor, id));
        return Answer(context, changed);
    }

    private async Task<IResult> RemoveAsync(string id, HttpContext context)
    {
        var change = await services.Catalog.RemoveAsync(
            id, entry => EntityTag.IsCurrent(context.Request, TagOf(entry)), write => services.Destinations.RemoveOfChannelAsync(id, write), context.RequestAborted);
        if (change is not ChannelChange.Done)
            return Refusal(change);
        services.Events.Publish(AuditEvents.ChannelDeleted(services.Time.GetUtcNow(), context.Caller().Actor, id));
        await ConfigureKeysAsync();
        return TypedResults.NoContent();
    }

    private async Task ConfigureKeysAsync()
    {
        try
        {
            await services.Keys.ConfigureAsync(services.Catalog.KeyedChannels, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // The channel is made, or gone: its keys follow when the store is back.
        }
    }

    private ChannelSettings ReadSettings(RequestFields fields)
    {
        if (fields.Object("settings") is not { } given)
            return new ChannelSettings();
        var settings = ChannelFields.Read(given);
        if (settings is { FallbackMedia: { } media, Fallback: { } kind } && services.Library.WhyNotFallback(media, kind) is { } why)
            given.Fail("fallbackMedia", why);
        return settings;
    }

    private static Problem Refusal(ChannelChange change) => change switch
    {
        ChannelChange.Missing => NoChannel,
        ChannelChange.Exists => new Problem(StatusCodes.Status409Conflict, "channel_exists", "There is a channel with this id already."),
        ChannelChange.TooMany => new Problem(StatusCodes.Status409Conflict, "too_many_channels", $"There cannot be more than {ChannelCatalog.MostChannels} channels."),
        ChannelChange.Configured => new Problem(
            StatusCodes.Status409Conflict, "channel_is_configured", "This channel comes from the configuration.", "Remove it from config.yml; the channel main is always there."),
        _ => Problem.Stale,
    };

    private IResult Answer(HttpContext context, ChannelCatalogEntry entry, int status = StatusCodes.Status200OK)
    {
        context.Response.Headers.ETag = TagOf(entry);
        return Answers.Json(Describe(entry), ApiJson.Readable.ChannelDocument, status);
    }

    private static string TagOf(ChannelCatalogEntry entry) => EntityTag.Of(ChannelFields.Describe(entry), ApiJson.Readable.ChannelSettingsDocument);

    private ChannelDocument Describe(ChannelCatalogEntry entry)
    {
        var settings = ChannelFields.Describe(entry);
        return new ChannelDocument(
            entry.Id,
            services.Channels.Find(entry.Id) is { } channel ? StatusMapper.Word(channel.GetSnapshot().State) : "stopped",
            settings.Start,
            settings.FallbackType,
            entry.Configured is null ? "api" : "configuration",
            settings,
            [.. entry.Definition.Sources.Select(source => new ChannelSourceDocument(source, Secret.Hint(services.Keys.KeyOf(entry.Id, source)?.Value ?? "")))]);
    }
}
