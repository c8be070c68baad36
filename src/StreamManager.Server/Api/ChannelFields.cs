using StreamManager.Engine.Channels;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;

namespace StreamManager.Server.Api;

/// <summary>The settings of a channel, as they hold.</summary>
/// <param name="Start">on_publish, always or manual.</param>
/// <param name="FallbackType">slate, image or video.</param>
/// <param name="FallbackMedia">File of the fallback in the media library; null: the slate, or a file that <c>config.yml</c> names.</param>
/// <param name="RtmpTimeoutSeconds">Silence after which a connected source counts as lost.</param>
/// <param name="CheckIntervalSeconds">How often health is judged.</param>
/// <param name="ReturnAfterSeconds">How long a source must be good before the program returns to it.</param>
/// <param name="EndAfterSeconds">Time on fallback after which the broadcast ends; 0: never.</param>
/// <param name="OnCrash">fallback or end.</param>
/// <param name="OnStall">fallback or end.</param>
/// <param name="OnCleanEnd">fallback or end.</param>
/// <param name="OnFormatChange">transcode or restart.</param>
/// <param name="Width">Pixels, when no source has been seen.</param>
/// <param name="Height">Pixels, when no source has been seen.</param>
/// <param name="Fps">Frames per second, when no source has been seen.</param>
/// <param name="VideoBitrateKbps">Of clips and transcodes.</param>
/// <param name="AudioBitrateKbps">Of clips and transcodes.</param>
internal sealed record ChannelSettingsDocument(
    string Start,
    string FallbackType,
    string? FallbackMedia,
    double RtmpTimeoutSeconds,
    double CheckIntervalSeconds,
    double ReturnAfterSeconds,
    double EndAfterSeconds,
    string OnCrash,
    string OnStall,
    string OnCleanEnd,
    string OnFormatChange,
    int Width,
    int Height,
    int Fps,
    int VideoBitrateKbps,
    int AudioBitrateKbps);

/// <summary>Reads and writes a channel's settings as the API has them.</summary>
internal static class ChannelFields
{
    /// <summary>A file of the media library is named without any path.</summary>
    public static SettingType<string> MediaName { get; } = new("the name of a file in the media library", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100 && text[0] != '.' && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
    });

    /// <summary>The fields of <c>settings</c> in a request; what is absent is null.</summary>
    public static ChannelSettings Read(RequestFields fields)
    {
        var fallback = Word(fields, "fallbackType", ChannelConfigReader.Fallback);
        var media = fields.Text("fallbackMedia", MediaName);
        if (fallback is FallbackKind.Image or FallbackKind.Video && !fields.Has("fallbackMedia"))
            fields.Fail("fallbackMedia", "is needed with this fallbackType: the name of a file in the media library");
        if (fallback is null or FallbackKind.Slate && fields.Has("fallbackMedia"))
            fields.Fail("fallbackMedia", "goes with a fallbackType of image or video");
        var settings = new ChannelSettings
        {
            Start = Word(fields, "start", ChannelConfigReader.Start),
            Fallback = fallback,
            FallbackMedia = media,
            SourceTimeoutSeconds = fields.Number("rtmpTimeoutSeconds", 0.2, 60),
            CheckIntervalSeconds = fields.Number("checkIntervalSeconds", 0.1, 60),
            ReturnAfterSeconds = fields.Number("returnAfterSeconds", 0, 300),
            EndAfterSeconds = fields.Number("endAfterSeconds", 0, 30 * 86_400),
            OnCrash = Word(fields, "onCrash", ChannelConfigReader.Loss),
            OnStall = Word(fields, "onStall", ChannelConfigReader.Loss),
            OnCleanEnd = Word(fields, "onCleanEnd", ChannelConfigReader.Loss),
            OnFormatChange = Word(fields, "onFormatChange", ChannelConfigReader.FormatChange),
            Width = Even(fields, "width"),
            Height = Even(fields, "height"),
            FramesPerSecond = fields.Integer("fps", 1, 120),
            VideoBitrateKbps = fields.Integer("videoBitrateKbps", 100, 100_000),
            AudioBitrateKbps = fields.Integer("audioBitrateKbps", 32, 512),
        };
        fields.RefuseUnknown();
        return settings;
    }

    /// <summary>What holds for a channel.</summary>
    public static ChannelSettingsDocument Describe(ChannelCatalogEntry entry)
    {
        var definition = entry.Definition;
        return new ChannelSettingsDocument(
            definition.Start switch { StartMode.Always => "always", StartMode.Manual => "manual", _ => "on_publish" },
            StatusMapper.Word(definition.Fallback),
            entry.Settings.FallbackMedia,
            definition.SourceTimeout.TotalSeconds,
            definition.CheckInterval.TotalSeconds,
            definition.ReturnAfter.TotalSeconds,
            definition.EndAfter.TotalSeconds,
            Word(definition.OnCrash),
            Word(definition.OnStall),
            Word(definition.OnCleanEnd),
            definition.OnFormatChange is FormatChangePolicy.RestartOutputs ? "restart" : "transcode",
            definition.Width,
            definition.Height,
            definition.FramesPerSecond,
            definition.VideoBitrateKbps,
            definition.AudioBitrateKbps);
    }

    private static string Word(LossPolicy policy) => policy is LossPolicy.End ? "end" : "fallback";

    private static T? Word<T>(RequestFields fields, string name, SettingType<T> type)
        where T : struct, Enum
    {
        T? result = null;
        _ = fields.Text(name, new SettingType<string>(type.Allowed, (string text, out string value) =>
        {
            value = text;
            var isGood = type.Parse(text, out var word);
            result = isGood ? word : null;
            return isGood;
        }));
        return result;
    }

    private static int? Even(RequestFields fields, string name)
    {
        var number = fields.Integer(name, 16, 7680);
        if (number is { } value && value % 2 != 0)
            fields.Fail(name, "must be even");
        return number;
    }
}
