using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;

namespace StreamManager.Server.Options;

/// <summary>Reads the keys that every channel has, at the top of <c>config.yml</c> (channel <c>main</c>) and in each entry of <c>channels:</c>.</summary>
internal static class ChannelConfigReader
{
    /// <summary>Longest time that a setting of an output may take, seconds.</summary>
    private const double LongestWait = 3600;

    /// <summary>When a channel goes on air.</summary>
    public static SettingType<StartMode> Start { get; } =
        SettingTypes.Word(("on_publish", StartMode.OnPublish), ("always", StartMode.Always), ("manual", StartMode.Manual));

    /// <summary>Kinds of fallback.</summary>
    public static SettingType<FallbackKind> Fallback { get; } =
        SettingTypes.Word(("image", FallbackKind.Image), ("video", FallbackKind.Video), ("slate", FallbackKind.Slate));

    /// <summary>What a loss leads to.</summary>
    public static SettingType<LossPolicy> Loss { get; } = SettingTypes.Word(("fallback", LossPolicy.Fallback), ("end", LossPolicy.End));

    /// <summary>What another format leads to.</summary>
    public static SettingType<FormatChangePolicy> FormatChange { get; } = SettingTypes.Word(("transcode", FormatChangePolicy.Transcode), ("restart", FormatChangePolicy.RestartOutputs));

    /// <summary>Bitrates of video: below, nothing recognisable comes out; above, no platform takes it.</summary>
    public static SettingType<int> VideoBitrate { get; } = SettingTypes.BitrateKbps(100, 100_000);

    /// <summary>Bitrates of AAC that are in use.</summary>
    public static SettingType<int> AudioBitrate { get; } = SettingTypes.BitrateKbps(32, 512);

    /// <summary>Frame rates.</summary>
    public static SettingType<int> FrameRate { get; } = SettingTypes.Integer(1, 120);

    /// <summary>Reads all keys of one channel over <paramref name="channel"/>. Files are taken relative to <paramref name="folder"/>, the configuration file's own.</summary>
    public static ChannelOptions Read(ConfigSection section, ChannelOptions channel, string folder)
    {
        section.ReadNotYet("rtmp_input_url", null, "pulling from an address");
        section.ReadNotYet("multi_audio_enabled", "false", "audio with several tracks");
        section.ReadNotYet("audio_tracks", "1", "audio with several tracks");

        var old = channel.Definition;
        var resolution = section.Read("resolution", SettingTypes.Resolution, new Resolution(old.Width, old.Height));
        var (kind, file) = ReadFallback(section, old, folder);
        var definition = old with
        {
            Start = section.Read("start", Start, old.Start),
            Fallback = kind,
            FallbackFile = file,
            SourceTimeout = section.Read("rtmp_timeout", SettingTypes.Seconds(0.2, 60), old.SourceTimeout),
            CheckInterval = section.Read("check_interval", SettingTypes.Seconds(0.1, 60), old.CheckInterval),
            ReturnAfter = section.Read("return_after", SettingTypes.Seconds(0, 300), old.ReturnAfter),
            EndAfter = section.Read("end_after", SettingTypes.Seconds(0, 30 * 86_400), old.EndAfter),
            OnCrash = section.Read("on_crash", Loss, old.OnCrash),
            OnStall = section.Read("on_stall", Loss, old.OnStall),
            OnCleanEnd = section.Read("on_clean_end", Loss, old.OnCleanEnd),
            OnFormatChange = section.Read("on_format_change", FormatChange, old.OnFormatChange),
            Width = resolution.Width,
            Height = resolution.Height,
            FramesPerSecond = section.Read("fps", FrameRate, old.FramesPerSecond),
            VideoBitrateKbps = section.Read("video_bitrate", VideoBitrate, old.VideoBitrateKbps),
            AudioBitrateKbps = section.Read("audio_bitrate", AudioBitrate, old.AudioBitrateKbps),
        };
        return channel with
        {
            Definition = definition,
            IngestKey = section.Read("ingest_key", SettingTypes.IngestKey, channel.IngestKey),
            BackupIngestKey = section.Read("backup_ingest_key", SettingTypes.IngestKey, channel.BackupIngestKey),
            Destinations = ReadDestinations(section, definition.Id),
        };
    }

    /// <summary>The id of a configured destination: its name's slug, with the channel in front unless that is <c>main</c>.</summary>
    public static string DestinationId(string channelId, string name) =>
        channelId == ChannelOptions.MainId ? DestinationRules.Slug(name) : $"{channelId}-{DestinationRules.Slug(name)}";

    private static (FallbackKind Kind, string? File) ReadFallback(ConfigSection section, ChannelDefinition old, string folder)
    {
        var kind = section.Read("fallback_type", Fallback, old.Fallback);
        var image = section.Read("fallback_image", SettingTypes.Text, null);
        var video = section.Read("fallback_video", SettingTypes.Text, null);
        var (key, file) = kind switch
        {
            FallbackKind.Image => ("fallback_image", image),
            FallbackKind.Video => ("fallback_video", video),
            _ => ("", null),
        };
        if (kind is not FallbackKind.Slate && file is null)
            section.Fail("fallback_type", $"needs a file: set {key}, or write slate");

        // Whether the file can be read is judged by the engine, which plays the slate meanwhile: a missing picture is no reason to stay dark.
        return (kind, file is null ? null : Path.GetFullPath(file, folder));
    }

    private static ImmutableArray<DestinationDefinition> ReadDestinations(ConfigSection section, string channelId)
    {
        var destinations = ImmutableArray.CreateBuilder<DestinationDefinition>();
        if (ReadTwitch(section, channelId) is { } twitch)
            destinations.Add(twitch);
        foreach (var entry in section.ReadList("destinations"))
        {
            var name = entry.ReadRequired("name", DestinationRules.Name);
            var url = entry.ReadRequired("url", DestinationRules.Url);
            var destination = new DestinationDefinition
            {
                Id = DestinationId(channelId, name ?? ""),
                Name = name ?? "",
                Url = url ?? "",
                Platform = entry.Read("platform", DestinationRules.Platform, "custom"),
                StreamKey = entry.Read("stream_key", DestinationRules.StreamKey, ""),
                PlaybackUrl = entry.Read("playback_url", DestinationRules.PlaybackUrl, ""),
                Enabled = entry.Read("enabled", SettingTypes.Boolean, true),
                Settings = ReadSettings(entry.ReadSection("settings")),
            };
            entry.RefuseUnknown();
            // The address was read as if with a key, so that all that can be wrong now is that there is none. A wrong one was reported already.
            if (url is not null && !entry.Has("stream_key") && DestinationRules.Check(url, "") is { } problem)
                entry.Fail("stream_key", problem);
            if (name is not null && destinations.Any(other => other.Id == destination.Id))
                entry.Fail("name", $"\"{name}\" is too much like another destination's name; ids are made of names, so give them different ones");
            destinations.Add(destination);
        }

        return destinations.ToImmutable();
    }

    private static DestinationDefinition? ReadTwitch(ConfigSection section, string channelId)
    {
        var url = section.Read("twitch_rtmp_url", DestinationRules.Url, null);
        var key = section.Read("twitch_stream_key", DestinationRules.StreamKey, null);
        if (section.Has("twitch_stream_key") && !section.Has("twitch_rtmp_url"))
            section.Fail("twitch_stream_key", "needs twitch_rtmp_url beside it");
        if (section.Has("twitch_rtmp_url") && !section.Has("twitch_stream_key"))
            section.Fail("twitch_rtmp_url", "needs twitch_stream_key beside it");
        return url is null || key is null
            ? null
            : new DestinationDefinition { Id = DestinationId(channelId, "Twitch"), Name = "Twitch", Platform = "twitch", Url = url, StreamKey = key };
    }

    private static OutputSettings ReadSettings(ConfigSection? section)
    {
        var settings = new OutputSettings();
        if (section is null)
            return settings;
        settings = settings with
        {
            RetryInitial = section.Read("retry_initial_seconds", SettingTypes.Seconds(0.1, LongestWait), settings.RetryInitial),
            RetryMaximum = section.Read("retry_maximum_seconds", SettingTypes.Seconds(0.1, LongestWait), settings.RetryMaximum),
            RetryLimit = section.Read("retry_limit", SettingTypes.Integer(0, 1_000_000), settings.RetryLimit),
            QueueLimit = section.Read("queue_limit_ms", SettingTypes.Milliseconds(500, 60_000), settings.QueueLimit),
            StallAfter = section.Read("stall_after_seconds", SettingTypes.Seconds(1, LongestWait), settings.StallAfter),
            ReconnectWhenStalled = section.Read("reconnect_when_stalled_seconds", SettingTypes.Seconds(1, LongestWait), settings.ReconnectWhenStalled),
            AllowUntrustedCertificate = section.Read("allow_untrusted_certificate", SettingTypes.Boolean, settings.AllowUntrustedCertificate),
            TrustedAuthority = section.Read("trusted_authority", SettingTypes.CertificatePem, settings.TrustedAuthority),
        };
        if (settings.RetryMaximum < settings.RetryInitial)
            section.Fail("retry_maximum_seconds", "must not be below retry_initial_seconds");
        section.RefuseUnknown();
        return settings;
    }
}
