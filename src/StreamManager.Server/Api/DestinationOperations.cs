using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>Adds, changes and removes destinations, by HTTP and by the WebSocket. Whether the caller may is asked before.</summary>
internal sealed class DestinationOperations(ApiServices services)
{
    /// <summary>There is no such destination.</summary>
    public static Problem NoDestination { get; } = Problem.Missing("destination");

    private static Problem Configured { get; } = new(
        StatusCodes.Status409Conflict, "destination_is_configured", "This destination comes from the configuration.", "Remove it from config.yml (or the environment), or switch it off here.");

    private static Problem TooMany { get; } = new(
        StatusCodes.Status409Conflict, "too_many_destinations", $"There cannot be more than {DestinationCatalog.MostDestinations} destinations.");

    /// <summary>Who may change something about it: to switch it is to run the show, all else is to set it up.</summary>
    public const Permissions ToChange = Permissions.Operate | Permissions.Manage;

    /// <summary>Adds one.</summary>
    public async Task<IResult> AddAsync(RequestFields fields, Caller caller, CancellationToken cancellationToken)
    {
        var wanted = DestinationFields.Read(fields, isNew: true);
        var channelId = wanted.ChannelId ?? ChannelOptions.MainId;
        if (services.Channels.Find(channelId) is null)
            fields.Fail("channelId", "must be the id of a channel");
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        var definition = wanted.Over(new DestinationDefinition { Id = DestinationCatalog.NewId(), Name = "", Url = "" });
        if (Check(fields, definition) is { } wrong)
            return wrong;
        if (!await services.Destinations.AddAsync(channelId, definition, cancellationToken))
            return TooMany;
        services.Events.Publish(AuditEvents.DestinationCreated(services.Time.GetUtcNow(), caller.Actor, channelId, definition.Id, definition.Name));
        return Answer(services.Destinations.Find(definition.Id)!, StatusCodes.Status201Created, $"/api/destinations/{definition.Id}");
    }

    /// <summary>Changes the fields that are given, if <paramref name="isCurrent"/> takes the tag of what is there.</summary>
    public async Task<IResult> ChangeAsync(string id, RequestFields fields, Func<string, bool> isCurrent, Caller caller, CancellationToken cancellationToken)
    {
        if (services.Destinations.Find(id) is null)
            return NoDestination;
        if (!caller.Permissions.HasFlag(Permissions.Manage) && !fields.HasOnly("id", "enabled"))
            return Problem.Forbidden(Permissions.Manage);
        var wanted = DestinationFields.Read(fields, isNew: false);
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        Problem? wrong = null;
        var changed = await services.Destinations.UpdateAsync(
            id,
            entry =>
            {
                if (!isCurrent(TagOf(entry)))
                {
                    wrong = Problem.Stale;
                    return null;
                }

                var definition = wanted.Over(entry.Definition);
                RefuseFixed(fields, wanted, entry, definition);
                wrong = Check(fields, definition);
                return wrong is null ? definition : null;
            },
            cancellationToken);
        return wrong ?? Changed(changed, caller);
    }

    /// <summary>Switches it on or off.</summary>
    public async Task<IResult> SwitchAsync(string id, bool isEnabled, Caller caller, CancellationToken cancellationToken) =>
        Changed(await services.Destinations.UpdateAsync(id, entry => entry.Definition with { Enabled = isEnabled }, cancellationToken), caller);

    /// <summary>Removes it, if <paramref name="isCurrent"/> takes its tag; nothing to answer.</summary>
    public async Task<IResult> RemoveAsync(string id, Func<string, bool> isCurrent, Caller caller, CancellationToken cancellationToken)
    {
        var entry = services.Destinations.Find(id);
        var isStale = false;
        if (!await services.Destinations.RemoveAsync(id, found => !(isStale = !isCurrent(TagOf(found))), cancellationToken))
            return isStale ? Problem.Stale : services.Destinations.Find(id) is null ? NoDestination : Configured;
        services.Events.Publish(AuditEvents.DestinationDeleted(services.Time.GetUtcNow(), caller.Actor, entry?.ChannelId ?? "", id, entry?.Definition.Name ?? ""));
        return TypedResults.NoContent();
    }

    /// <summary>It as an answer.</summary>
    public IResult Answer(CatalogEntry entry, int status = StatusCodes.Status200OK, string? location = null) =>
        Answers.Json(Describe(entry, OutputOf(entry)), ApiJson.Readable.DestinationDocument, status, location, TagOf(entry));

    /// <summary>As the API shows it, with its running side.</summary>
    public static DestinationDocument Describe(CatalogEntry entry, OutputSnapshot? output)
    {
        var definition = entry.Definition;
        return new DestinationDocument(
            definition.Id,
            definition.Name,
            definition.Platform,
            DestinationRules.Shown(definition.Url, definition.StreamKey),
            definition.PlaybackUrl,
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

    /// <summary>Its running side; null: it has none.</summary>
    public OutputSnapshot? OutputOf(CatalogEntry entry) =>
        services.Channels.Find(entry.ChannelId)?.GetSnapshot().Outputs.FirstOrDefault(output => output.Destination.Id == entry.Definition.Id);

    private IResult Changed(CatalogEntry? changed, Caller caller)
    {
        if (changed is null)
            return NoDestination;
        var definition = changed.Definition;
        services.Events.Publish(AuditEvents.DestinationUpdated(services.Time.GetUtcNow(), caller.Actor, changed.ChannelId, definition.Id, definition.Name, definition.Enabled));
        return Answer(changed);
    }

    /// <summary>Made of what an editor sees, of the key only its end: a tag of the whole key would let a viewer try keys against it.</summary>
    private static string TagOf(CatalogEntry entry) => EntityTag.Of(Describe(entry, null) with { State = "", LastError = null }, ApiJson.Readable.DestinationDocument);

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
        if (definition.PlaybackUrl != entry.Definition.PlaybackUrl)
            fields.Fail("playbackUrl", message);
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
}
