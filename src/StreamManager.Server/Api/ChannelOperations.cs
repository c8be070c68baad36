using StreamManager.Engine.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Options;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>What can be done with a running channel, by HTTP and by the WebSocket. Whether the caller may is asked before.</summary>
internal sealed class ChannelOperations(ApiServices services)
{
    /// <summary>The grammar of a selection.</summary>
    public static SettingType<string> Selection { get; } = new("auto, fallback or the id of a source", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    /// <summary>There is no such channel.</summary>
    public static Problem NoChannel { get; } = Problem.Missing("channel");

    /// <summary>What a word of that grammar means.</summary>
    public static SourceSelection SelectionOf(string word) => word switch
    {
        "auto" => SourceSelection.Auto,
        "fallback" => SourceSelection.Fallback,
        _ => SourceSelection.Source(word),
    };

    /// <summary>What is said about a source that a channel does not have.</summary>
    public static string SelectionAllowed(Channel channel) => $"must be auto, fallback or one of the sources {string.Join(", ", channel.Definition.Sources)}";

    /// <summary>The status; <paramref name="host"/>: the name by which the caller reached us.</summary>
    public IResult Status(string id, string host) => services.Channels.Find(id) is { } channel ? Status(channel, host) : NoChannel;

    /// <summary>Goes on air; the status.</summary>
    public async Task<IResult> StartAsync(string id, Caller caller, string host, CancellationToken cancellationToken)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        await channel.StartAsync(cancellationToken);
        services.Events.Publish(AuditEvents.ChannelStarted(services.Time.GetUtcNow(), caller.Actor, id));
        return Status(channel, host);
    }

    /// <summary>Ends the broadcast; the status.</summary>
    public async Task<IResult> StopAsync(string id, Caller caller, string host, CancellationToken cancellationToken)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        await channel.StopAsync(cancellationToken);
        services.Events.Publish(AuditEvents.ChannelStopped(services.Time.GetUtcNow(), caller.Actor, id));
        return Status(channel, host);
    }

    /// <summary>Chooses what is shown: the field <c>select</c>; the status.</summary>
    public async Task<IResult> SelectAsync(string id, RequestFields fields, Caller caller, string host, CancellationToken cancellationToken)
    {
        if (services.Channels.Find(id) is not { } channel)
            return NoChannel;
        var word = fields.RequiredText("select", Selection);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        if (await channel.SelectSourceAsync(SelectionOf(word!), cancellationToken))
        {
            services.Events.Publish(AuditEvents.SourceSelected(services.Time.GetUtcNow(), caller.Actor, id, word!));
            return Status(channel, host);
        }

        fields.Fail("select", SelectionAllowed(channel));
        return Problem.Invalid(fields.Errors);
    }

    private IResult Status(Channel channel, string host) =>
        Answers.Json(StatusMapper.Status(channel.GetSnapshot(), services.IngestUrl(host), services.Keys), ApiJson.Readable.StatusDocument);
}
