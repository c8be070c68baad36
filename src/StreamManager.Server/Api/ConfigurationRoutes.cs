using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Configuration;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>What became of <c>config.yml</c>.</summary>
/// <param name="File">The file.</param>
/// <param name="State">current: its text holds; refused: it does not, and the settings are those from before; pending: it was changed since it was read, and is read soon.</param>
/// <param name="AppliedAt">When what holds was read.</param>
/// <param name="ReadAt">When the file was read last, with or without success.</param>
/// <param name="CheckedAt">When it was looked at last: for this answer.</param>
/// <param name="ChangedAt">When it was last changed, by its own stamp; null: there is no file.</param>
/// <param name="Errors">Why it was refused, every mistake.</param>
/// <param name="NeedsRestart">Changed settings that hold from the next start only.</param>
/// <param name="Settings">Every setting with its value and where that came from. (Destinations of the file that were changed through the API: see there.)</param>
internal sealed record ConfigurationDocument(
    string File, string State, DateTime? AppliedAt, DateTime? ReadAt, DateTime? CheckedAt, DateTime? ChangedAt, IReadOnlyList<string> Errors, IReadOnlyList<string> NeedsRestart,
    IReadOnlyList<SettingDocument> Settings);

/// <summary>A setting.</summary>
/// <param name="Name">Its name in the file (with its path) or the environment.</param>
/// <param name="Value">Its value, a secret masked; null: none.</param>
/// <param name="Source">environment, the file with the line, saved (through the API or the dashboard; and over what, where that was no built-in value), or built in.</param>
internal sealed record SettingDocument(string Name, string? Value, string Source);

/// <summary>Shows the state of the configuration file, and reads it again.</summary>
internal sealed class ConfigurationRoutes(ConfigurationReloader reloader, ChannelCatalog channels)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/configuration", () => Answer(reloader.Look())).Needs(Permissions.Manage)
            .Describes("getConfiguration", "What became of config.yml.", route => route.Gives<ConfigurationDocument>());
        routes.MapPost("/api/configuration/reload", (Delegate)ReloadAsync).Needs(Permissions.Manage)
            .Describes("reloadConfiguration", "Reads config.yml again.", route => route.Gives<ConfigurationDocument>().Refuses(409, "configuration_refused"));
    }

    private async Task<IResult> ReloadAsync(HttpContext context)
    {
        var status = await reloader.ReloadAsync(context.Caller().Actor, context.RequestAborted);
        return status.IsCurrent
            ? Answer(status)
            : new Problem(
                StatusCodes.Status409Conflict,
                "configuration_refused",
                "The configuration file has mistakes; the settings stay as they were.",
                Errors: [.. status.Errors.Select(error => new FieldError(error.Key, $"{error.Origin}: {(error.Value is null ? "" : $"\"{error.Value}\" is not allowed: ")}{error.Allowed}"))]);
    }

    private IResult Answer(ConfigurationStatus status) => Answers.Json(
        new ConfigurationDocument(
            status.File,
            status.IsPending ? "pending" : status.IsCurrent ? "current" : "refused",
            StatusMapper.Utc(status.AppliedAt),
            StatusMapper.Utc(status.ReadAt),
            StatusMapper.Utc(status.CheckedAt),
            StatusMapper.Utc(status.ChangedAt),
            [.. status.Errors.Select(error => error.ToString())],
            status.NeedsRestart,
            [.. SavedSettings.Over(status.Settings, channels.All).Select(setting => new SettingDocument(setting.Name, setting.Value, setting.Source))]),
        ApiJson.Readable.ConfigurationDocument);
}
