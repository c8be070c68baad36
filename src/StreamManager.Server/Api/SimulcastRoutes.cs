using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>
/// One broadcast of a channel to a set of destinations that is chosen for it: the set holds until the broadcast ends, then each destination's own switch counts again.
/// </summary>
internal sealed class SimulcastRoutes(ApiServices services)
{
    /// <summary>The grammar of ids.</summary>
    private static readonly SettingType<string> Id = new("the id of a destination", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    private static Problem NoChannel { get; } = Problem.Missing("channel");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/simulcast/{streamId}/start", StartAsync).Needs(Permissions.Operate)
            .Describes("startSimulcast", "Begins a broadcast to chosen destinations.", route => route.Takes<SimulcastStartRequest>("""{ "inputSource": "auto" }""", isOptional: true)
                .Gives<SimulcastStatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapPost("/api/simulcast/{streamId}/stop", StopAsync).Needs(Permissions.Operate)
            .Describes("stopSimulcast", "Ends the broadcast, and forgets the choice.", route => route.Gives<SimulcastStatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapGet("/api/simulcast/{streamId}/status", (string streamId) => With(streamId, channel => Status(channel))).Needs(Permissions.View)
            .Describes("getSimulcastStatus", "The broadcast and the destinations that take part.", route => route.Gives<SimulcastStatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapGet("/api/simulcast/{streamId}/health", (string streamId) => With(streamId, Health)).Needs(Permissions.View)
            .Describes("getSimulcastHealth", "The broadcast judged as a whole, with what is wrong in words.", route => route.Gives<SimulcastHealthDocument>().Refuses(404, "channel_not_found"));
        routes.MapGet("/api/simulcast/{streamId}/metrics", (string streamId) => With(streamId, Metrics)).Needs(Permissions.View)
            .Describes("getSimulcastMetrics", "The figures of the broadcast.", route => route.Gives<SimulcastMetricsDocument>().Refuses(404, "channel_not_found"));
        routes.MapPost("/api/simulcast/{streamId}/destinations", AddAsync).Needs(Permissions.Operate)
            .Describes("addSimulcastDestination", "Lets a destination join the broadcast; the same again changes nothing.", route => route
                .Takes<SimulcastDestinationRequest>("""{ "destinationId": "twitch" }""").Gives<SimulcastStatusDocument>().Refuses(404, "channel_not_found"));
        routes.MapDelete("/api/simulcast/{streamId}/destinations/{id}", RemoveAsync).Needs(Permissions.Operate)
            .Describes("removeSimulcastDestination", "Takes a destination out of the broadcast.", route => route.GivesNothing().Refuses(404, "channel_not_found", "destination_not_found"));
    }

    private async Task<IResult> StartAsync(string streamId, HttpRequest request)
    {
        if (services.Channels.Find(streamId) is not { } channel)
            return NoChannel;
        var (fields, problem) = await RequestFields.ReadOptionalAsync(request);
        if (fields is null)
            return problem!;
        var word = fields.Text("inputSource", ChannelOperations.Selection);
        var wanted = fields.Texts("destinations", Id, DestinationCatalog.MostDestinations);
        fields.RefuseUnknown();
        var selection = word is null ? null : ReadSelection(fields, channel, word);
        foreach (var id in wanted ?? [])
        {
            if (services.Destinations.Find(id) is not { } entry || entry.ChannelId != streamId)
                fields.Fail("destinations", $"{id} is not a destination of this channel");
        }

        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        if (wanted is { } ids)
            await services.Destinations.ChooseAsync(streamId, ids.ToImmutableHashSet(StringComparer.Ordinal), request.HttpContext.RequestAborted);
        if (selection is not null)
            await channel.SelectSourceAsync(selection, CancellationToken.None);
        await channel.StartAsync(CancellationToken.None);
        services.Events.Publish(AuditEvents.ChannelStarted(services.Time.GetUtcNow(), request.HttpContext.Caller().Actor, streamId));
        return Status(channel);
    }

    private async Task<IResult> StopAsync(string streamId, HttpContext context)
    {
        if (services.Channels.Find(streamId) is not { } channel)
            return NoChannel;
        await channel.StopAsync(context.RequestAborted);
        services.Events.Publish(AuditEvents.ChannelStopped(services.Time.GetUtcNow(), context.Caller().Actor, streamId));
        await services.Destinations.ChooseAsync(streamId, null, CancellationToken.None);
        return Status(channel);
    }

    private async Task<IResult> AddAsync(string streamId, HttpRequest request)
    {
        if (services.Channels.Find(streamId) is not { } channel)
            return NoChannel;
        var (fields, problem) = await RequestFields.ReadAsync(request);
        if (fields is null)
            return problem!;
        var id = fields.RequiredText("destinationId", Id);
        fields.RefuseUnknown();
        if (id is not null && (services.Destinations.Find(id) is not { } entry || entry.ChannelId != streamId))
            fields.Fail("destinationId", "is not a destination of this channel; add it by POST /api/destinations first");
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        await services.Destinations.ChooseAsync(streamId, id!, isChosen: true, request.HttpContext.RequestAborted);
        Tell(request.HttpContext, streamId, services.Destinations.Find(id!), isChosen: true);
        return Status(channel);
    }

    private async Task<IResult> RemoveAsync(string streamId, string id, HttpContext context)
    {
        if (services.Channels.Find(streamId) is null)
            return NoChannel;
        if (services.Destinations.Find(id) is not { } entry || entry.ChannelId != streamId)
            return Problem.Missing("destination");
        await services.Destinations.ChooseAsync(streamId, id, isChosen: false, context.RequestAborted);
        Tell(context, streamId, entry, isChosen: false);
        return TypedResults.NoContent();
    }

    private void Tell(HttpContext context, string streamId, CatalogEntry? entry, bool isChosen)
    {
        if (entry is not null)
            services.Events.Publish(AuditEvents.DestinationChosen(services.Time.GetUtcNow(), context.Caller().Actor, streamId, entry.Definition.Id, entry.Definition.Name, isChosen));
    }

    private IResult With(string streamId, Func<Channel, IResult> answer) => services.Channels.Find(streamId) is { } channel ? answer(channel) : NoChannel;

    private static SourceSelection? ReadSelection(RequestFields fields, Channel channel, string word)
    {
        var selection = ChannelOperations.SelectionOf(word);
        if (selection == SourceSelection.Auto || selection == SourceSelection.Fallback || channel.Definition.Sources.Contains(word))
            return selection;
        fields.Fail("inputSource", ChannelOperations.SelectionAllowed(channel));
        return null;
    }

    private IResult Status(Channel channel)
    {
        var snapshot = channel.GetSnapshot();
        var chosen = services.Destinations.ChosenOf(channel.Id);
        return Answers.Json(
            new SimulcastStatusDocument(
                channel.Id,
                StatusMapper.Word(snapshot.State),
                StatusMapper.Utc(snapshot.StartedAt),
                (long)snapshot.Uptime.TotalSeconds,
                snapshot.Selected,
                snapshot.ActiveSource,
                chosen is null ? "all" : "chosen",
                [.. Taking(snapshot).Select(StatusMapper.Destination)]),
            ApiJson.Readable.SimulcastStatusDocument);
    }

    private IResult Health(Channel channel)
    {
        var snapshot = channel.GetSnapshot();
        var rows = Taking(snapshot).Select(output => new SimulcastDestinationHealthDocument(
            output.Destination.Id, output.Destination.Name, StatusMapper.Word(output.State), StatusMapper.Word(output.Verdict), [.. DestinationAdvice.Of(output)])).ToArray();
        var issues = SimulcastHealth.IssuesOf(snapshot);
        return Answers.Json(
            new SimulcastHealthDocument(channel.Id, SimulcastHealth.WordOf(snapshot, [.. Taking(snapshot)]), issues, rows),
            ApiJson.Readable.SimulcastHealthDocument);
    }

    private IResult Metrics(Channel channel)
    {
        var snapshot = channel.GetSnapshot();
        var outputs = Taking(snapshot).ToArray();
        return Answers.Json(
            new SimulcastMetricsDocument(
                channel.Id,
                (long)snapshot.Uptime.TotalSeconds,
                StatusMapper.Program(snapshot),
                outputs.Sum(output => output.BitrateKbps),
                outputs.Sum(output => output.BytesSent),
                outputs.Sum(output => output.FramesDropped),
                snapshot.Viewers,
                [.. outputs.Select(StatusMapper.Destination)]),
            ApiJson.Readable.SimulcastMetricsDocument);
    }

    /// <summary>The destinations that take part in the broadcast.</summary>
    private static IEnumerable<OutputSnapshot> Taking(ChannelSnapshot snapshot) => snapshot.Outputs.Where(output => output.Destination.Enabled);
}
