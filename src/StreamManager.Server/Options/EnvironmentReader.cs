using System.Collections.Immutable;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Options;

/// <summary>Reads the environment over what <c>config.yml</c> says.</summary>
internal static class EnvironmentReader
{
    /// <summary>Platform credentials that nothing uses yet: harmless, so they are only mentioned.</summary>
    private static readonly string[] NotUsedYet =
    [
        "TWITTER_API_KEY", "TWITTER_API_SECRET", "TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_TOKEN_SECRET",
        "YOUTUBE_CLIENT_ID", "YOUTUBE_CLIENT_SECRET", "YOUTUBE_REDIRECT_URI",
        "TWITCH_CLIENT_ID", "TWITCH_CLIENT_SECRET", "TWITCH_REDIRECT_URI",
        "FACEBOOK_APP_ID", "FACEBOOK_APP_SECRET", "FACEBOOK_REDIRECT_URI",
        "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN",
        "KICK_CLIENT_ID", "KICK_CLIENT_SECRET", "KICK_REDIRECT_URI",
        "LIVEKIT_HOST", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET",
    ];

    /// <summary>An operating system's bundle of all authorities has some 230 KB.</summary>
    private const long LargestAuthorityFile = 1 << 20;

    private static readonly SettingType<LogFormat> LogFormatWord = SettingTypes.Word(("console", LogFormat.Console), ("json", LogFormat.Json));

    private static readonly SettingType<LogLevel> LogLevelWord = SettingTypes.Word(
        ("debug", LogLevel.Debug), ("information", LogLevel.Information), ("warning", LogLevel.Warning), ("error", LogLevel.Error));

    /// <summary>Reads where the server tells its health.</summary>
    public static ServerOptions ReadHealthEndpoint(EnvironmentSection environment, ServerOptions options) => options with
    {
        BindAddress = environment.Read("BIND_ADDRESS", SettingTypes.Address, options.BindAddress),
        HealthPort = environment.Read("HEALTH_PORT", SettingTypes.Port, options.HealthPort),
    };

    /// <summary>Reads every variable. <paramref name="notices"/> gets a line for each that has no effect yet.</summary>
    public static ServerOptions Read(EnvironmentSection environment, ServerOptions options, List<string> notices)
    {
        options = ReadHealthEndpoint(environment, options) with
        {
            ApiPort = environment.Read("PORT", SettingTypes.Port, options.ApiPort),
            WebSocketPort = environment.Read("WS_PORT", SettingTypes.Port, options.WebSocketPort),
            MetricsPort = environment.Read("METRICS_PORT", SettingTypes.Port, options.MetricsPort),
            RtmpPort = environment.Read("RTMP_PORT", SettingTypes.Port, options.RtmpPort),
            RtmpsPort = environment.Has("RTMPS_PORT") ? environment.Read("RTMPS_PORT", SettingTypes.Port, 0) : options.RtmpsPort,
            TlsCertificateFile = environment.Read("TLS_CERTIFICATE", SettingTypes.Text, options.TlsCertificateFile),
            TlsKeyFile = environment.Read("TLS_KEY", SettingTypes.Text, options.TlsKeyFile),
            TrustedProxies = environment.Read("TRUSTED_PROXIES", SettingTypes.Proxies, options.TrustedProxies),
            AdminToken = environment.Read("ADMIN_TOKEN", SettingTypes.Secret, options.AdminToken),
            EncryptionKey = environment.Read("ENCRYPTION_KEY", SettingTypes.EncryptionKey, options.EncryptionKey),
            Redis = ReadRedis(environment),
            RedisAuthority = ReadRedisAuthority(environment),
            FfmpegPath = environment.Read("FFMPEG_PATH", SettingTypes.Text, options.FfmpegPath),
            DashboardDirectory = environment.Read("DASHBOARD_DIR", SettingTypes.Text, options.DashboardDirectory),
            LogFormat = environment.Read("LOG_FORMAT", LogFormatWord, options.LogFormat),
            LogLevel = environment.Read("LOG_LEVEL", LogLevelWord, options.LogLevel),
            Telemetry = TelemetryOptions.Read(environment),
            Channels = options.Channels.SetItem(0, ReadMain(environment, options.Channels[0])),
        };
        if (environment.Has("DASHBOARD_DIR") && !File.Exists(Path.Combine(options.DashboardDirectory, "index.html")))
            environment.Fail("DASHBOARD_DIR", $"there is no index.html in {options.DashboardDirectory}; it must be the folder of the built dashboard");
        CheckTls(environment, options);
        CheckPorts(environment, options);
        ReadNotYet(environment);
        notices.AddRange(NotUsedYet.Where(environment.Has).Select(name => $"{name} is set, but this version has no use for it yet."));
        return options;
    }

    private static ChannelOptions ReadMain(EnvironmentSection environment, ChannelOptions main)
    {
        var definition = main.Definition;
        var resolution = environment.Read("STREAM_RESOLUTION", SettingTypes.Resolution, new Resolution(definition.Width, definition.Height));
        return main with
        {
            IngestKey = environment.Read("INGEST_KEY", SettingTypes.IngestKey, main.IngestKey),
            Destinations = ReadX(environment, main.Destinations),
            Definition = definition with
            {
                Width = resolution.Width,
                Height = resolution.Height,
                FramesPerSecond = environment.Read("TARGET_FPS", ChannelConfigReader.FrameRate, definition.FramesPerSecond),
                VideoBitrateKbps = environment.Read("STREAM_BITRATE", ChannelConfigReader.VideoBitrate, definition.VideoBitrateKbps),
                AudioBitrateKbps = environment.Read("STREAM_AUDIO_BITRATE", ChannelConfigReader.AudioBitrate, definition.AudioBitrateKbps),
            },
        };
    }

    private static ImmutableArray<DestinationDefinition> ReadX(EnvironmentSection environment, ImmutableArray<DestinationDefinition> destinations)
    {
        var url = environment.Read("TWITTER_RTMP_URL", DestinationRules.Url, null);
        var key = environment.Read("TWITTER_STREAM_KEY", DestinationRules.StreamKey, null);
        if (environment.Has("TWITTER_STREAM_KEY") && !environment.Has("TWITTER_RTMP_URL"))
            environment.Fail("TWITTER_STREAM_KEY", "needs TWITTER_RTMP_URL beside it");
        if (environment.Has("TWITTER_RTMP_URL") && !environment.Has("TWITTER_STREAM_KEY"))
            environment.Fail("TWITTER_RTMP_URL", "needs TWITTER_STREAM_KEY beside it");
        if (url is null || key is null)
            return destinations;

        // The environment has the last word over the file.
        var id = ChannelConfigReader.DestinationId(ChannelOptions.MainId, "X");
        return
        [
            .. destinations.Where(other => other.Id != id),
            new DestinationDefinition { Id = id, Name = "X", Platform = "x", Url = url, StreamKey = key },
        ];
    }

    private static RedisUrl? ReadRedis(EnvironmentSection environment)
    {
        var text = environment.Read("REDIS_URL", SettingTypes.RedisUrl, null)?.Value;
        var password = environment.Read("REDIS_PASSWORD", SettingTypes.Secret, null)?.Value;
        if (text is null)
        {
            if (environment.Has("REDIS_PASSWORD") && !environment.Has("REDIS_URL"))
                environment.Fail("REDIS_PASSWORD", "needs REDIS_URL beside it");
            return null;
        }

        if (RedisUrl.TryParse(text, password, out var url) is not { } problem)
            return url;
        environment.Fail("REDIS_URL", problem);
        return null;
    }

    private static string? ReadRedisAuthority(EnvironmentSection environment)
    {
        const string Name = "REDIS_CA_FILE";
        if (environment.Read("REDIS_CA_FILE", SettingTypes.Text, null) is not { } path)
            return null;
        // A wrong URL has been told of.
        if (!environment.Has("REDIS_URL") || (environment.Read("REDIS_URL", SettingTypes.RedisUrl, null) is { } url && !url.Value.StartsWith("rediss://", StringComparison.Ordinal)))
        {
            environment.Fail(Name, "needs a REDIS_URL that begins with rediss:// beside it");
            return null;
        }

        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > LargestAuthorityFile })
                environment.Fail(Name, $"{path} is larger than {LargestAuthorityFile >> 20} MB");
            else if (File.ReadAllText(path) is var text && SettingTypes.CertificatePem.Parse(text, out var authority))
                return authority;
            else
                environment.Fail(Name, $"{path} holds no certificate in PEM");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            environment.Fail(Name, $"{path} cannot be read: {e.Message}");
        }

        return null;
    }

    private static void CheckTls(EnvironmentSection environment, ServerOptions options)
    {
        if (options.RtmpsPort is null)
            return;
        foreach (var (name, file) in new[] { ("TLS_CERTIFICATE", options.TlsCertificateFile), ("TLS_KEY", options.TlsKeyFile) })
        {
            if (file is null)
                environment.Fail(name, "is needed for RTMPS_PORT: the path of a PEM file");
            else if (!File.Exists(file))
                environment.Fail(name, $"there is no file {file}");
        }
    }

    private static void CheckPorts(EnvironmentSection environment, ServerOptions options)
    {
        (string Name, int Port)[] ports =
        [
            ("PORT", options.ApiPort), ("WS_PORT", options.WebSocketPort), ("METRICS_PORT", options.MetricsPort), ("HEALTH_PORT", options.HealthPort),
            ("RTMP_PORT", options.RtmpPort), ("RTMPS_PORT", options.RtmpsPort ?? 0),
        ];
        foreach (var same in ports.Where(entry => entry.Port != 0).GroupBy(entry => entry.Port).Where(group => group.Count() > 1))
        {
            foreach (var (name, port) in same.Skip(1))
                environment.Fail(name, $"port {port} is also {same.First().Name}'s; every port needs a number of its own");
        }
    }

    private static void ReadNotYet(EnvironmentSection environment)
    {
        environment.ReadNotYet("STREAM_CODEC", "h264", "another codec of the composed program");
        environment.ReadNotYet("STREAM_PRESET", "veryfast", "another preset of the composed program");
        environment.ReadNotYet("STREAM_AUDIO_CODEC", "aac", "another audio codec of the composed program");
        environment.ReadNotYet("MAX_LAYERS", "50", "composition");
        environment.ReadNotYet("RENDER_QUALITY", "high", "composition");
    }
}
