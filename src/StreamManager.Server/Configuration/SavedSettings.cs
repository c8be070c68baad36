using System.Collections.Immutable;
using System.Globalization;
using StreamManager.Engine.Channels;
using StreamManager.Server.Channels;
using StreamManager.Server.Options;

namespace StreamManager.Server.Configuration;

/// <summary>What users saved about channels, by the names that the file has for it, so that one list shows every value and where it comes from. Pure.</summary>
internal static class SavedSettings
{
    /// <summary>Where such a value comes from.</summary>
    public const string Source = "saved";

    /// <summary>The settings that were read, with what was saved in place of what it lies over; the rest of what was saved stands behind.</summary>
    /// <param name="read">Of the file, the environment, and built in.</param>
    /// <param name="channels">The channels, in the order of the configuration.</param>
    public static ImmutableArray<ReadSetting> Over(ImmutableArray<ReadSetting> read, IEnumerable<ChannelCatalogEntry> channels)
    {
        var saved = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        var configured = 0;
        foreach (var channel in channels)
        {
            var path = channel.Id == ChannelOptions.MainId ? "" : channel.Configured is null ? $"channels[{channel.Id}]." : $"channels[{configured++}].";
            foreach (var (name, value) in Of(channel))
                saved[path + name] = value;
        }

        var settings = ImmutableArray.CreateBuilder<ReadSetting>(read.Length + saved.Count);
        foreach (var setting in read)
        {
            settings.Add(saved.Remove(setting.Name, out var value)
                ? new ReadSetting(setting.Name, value, setting.Source == OptionNotes.BuiltIn ? Source : $"{Source}, over {setting.Source}")
                : setting);
        }

        settings.AddRange(saved.Select(entry => new ReadSetting(entry.Key, entry.Value, Source)));
        return settings.ToImmutable();
    }

    private static IEnumerable<(string Name, string Value)> Of(ChannelCatalogEntry channel)
    {
        var (saved, holds) = (channel.Settings, channel.Definition);
        (string Name, string? Value)[] values =
        [
            ("start", saved.Start switch { StartMode.OnPublish => "on_publish", StartMode.Always => "always", StartMode.Manual => "manual", _ => null }),
            ("fallback_type", saved.Fallback is { } kind ? LowerWord(kind) : null),
            ("fallback_image", saved is { Fallback: FallbackKind.Image, FallbackMedia: { } image } ? image : null),
            ("fallback_video", saved is { Fallback: FallbackKind.Video, FallbackMedia: { } video } ? video : null),
            ("rtmp_timeout", Seconds(saved.SourceTimeoutSeconds)),
            ("check_interval", Seconds(saved.CheckIntervalSeconds)),
            ("return_after", Seconds(saved.ReturnAfterSeconds)),
            ("end_after", Seconds(saved.EndAfterSeconds)),
            ("on_crash", Word(saved.OnCrash)),
            ("on_stall", Word(saved.OnStall)),
            ("on_clean_end", Word(saved.OnCleanEnd)),
            ("on_format_change", saved.OnFormatChange switch { FormatChangePolicy.Transcode => "transcode", FormatChangePolicy.RestartOutputs => "restart", _ => null }),
            ("resolution", saved.Width is null && saved.Height is null ? null : $"{holds.Width}x{holds.Height}"),
            ("fps", Number(saved.FramesPerSecond)),
            ("video_bitrate", saved.VideoBitrateKbps is { } videoBitrate ? $"{Number(videoBitrate)}k" : null),
            ("audio_bitrate", saved.AudioBitrateKbps is { } audioBitrate ? $"{Number(audioBitrate)}k" : null),
        ];
        return values.Where(entry => entry.Value is not null).Select(entry => (entry.Name, entry.Value!));
    }

    private static string? Seconds(double? value) => value is { } seconds ? seconds.ToString("0.###", CultureInfo.InvariantCulture) + " s" : null;

    private static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Word(LossPolicy? policy) => policy is { } given ? LowerWord(given) : null;

    private static string LowerWord<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
