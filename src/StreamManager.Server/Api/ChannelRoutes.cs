using StreamManager.Engine.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>Status, start, stop and source selection, for <c>main</c> and for any channel.</summary>
internal sealed class ChannelRoutes(ApiServices services)
{
    private static readonly SettingType<string> Selection = new("auto, fallback or the id of a source", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        const string main = ChannelOptions.MainId;
        routes.MapGet("/api/status", (HttpRequest request) => Status(main, request)).Needs(Permissions.View);
        routes.MapPost("/api/start", (HttpRequest request) => StartAsync(main, request)).Needs(Permissions.Operate);
        routes.MapPost("/api/stop", (HttpRequest request) => StopAsync(main, request)).Needs(Permissions.Operate);
        routes.MapGet("/api/channels", () => Answers.Json([.. services.Channels.All.Select(Describe)], ApiJson.Readable.IReadOnlyListChannelDocument)).Needs(Permissions.View);
        routes.MapGet("/api/channels/{id}", (string id) => services.Channels.Find(id) is { } channel ? Answers.Json(Describe(channel), ApiJson.Readable.ChannelDocument) : NoChannel).Needs(Permissions.View);
        routes.MapGet("/api/channels/{id}/status", (string id, HttpRequest request) => Status(id, request)).Needs(Permissions.View);
        routes.MapPost("/api/channels/{id}/start", (string id, HttpRequest request) => StartAsync(id, request)).Needs(Permissions.Operate);
        routes.MapPost("/api/channels/{id}/stop", (string id, HttpRequest request) => StopAsync(id, request)).Needs(Permissions.Operate);
        routes.MapPost("/api/channels/{id}/source", (string id, HttpRequest request) => SelectAsync(id, request)).Needs(Permissions.Operate);
    }

    private static Problem NoChannel { get; } = Problem.Missing("channel");

    private IResult Status(string id, HttpRequest request) => services.Channels.Find(id) is { } channel ? Status(channel, request) : NoChannel;

    private IResult Status(Channel channel, HttpRequest request) =>
        Answers.Json(StatusMapper.Status(channel.GetSnapshot(), services.IngestUrl(request), services.Keys), ApiJson.Readable.StatusDocument);

    private async Task<IResult> StartAsync(string id, HttpRequest request)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        await channel.StartAsync(request.HttpContext.RequestAborted);
        return Status(channel, request);
    }

    private async Task<IResult> StopAsync(string id, HttpRequest request)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        await channel.StopAsync(request.HttpContext.RequestAborted);
        return Status(channel, request);
    }

    private async Task<IResult> SelectAsync(string id, HttpRequest request)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        var (fields, problem) = await RequestFields.ReadAsync(request);
        if (fields is null)
            return problem!;
        var word = fields.RequiredText("select", Selection);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var selection = word switch
        {
            "auto" => SourceSelection.Auto,
            "fallback" => SourceSelection.Fallback,
            _ => SourceSelection.Source(word!),
        };
        if (await channel.SelectSourceAsync(selection, request.HttpContext.RequestAborted))
            return Status(channel, request);
        fields.Fail("select", $"must be auto, fallback or one of the sources {string.Join(", ", channel.Definition.Sources)}");
        return Problem.Invalid(fields.Errors);
    }

    private ChannelDocument Describe(Channel channel)
    {
        var definition = channel.Definition;
        return new ChannelDocument(
            channel.Id,
            StatusMapper.Word(channel.GetSnapshot().State),
            definition.Start switch { StartMode.Always => "always", StartMode.Manual => "manual", _ => "on_publish" },
            StatusMapper.Word(definition.Fallback),
            [.. definition.Sources.Select(source => new ChannelSourceDocument(source, Secret.Hint(services.Keys.KeyOf(channel.Id, source)?.Value ?? "")))]);
    }
}
