using System.Net;
using System.Text.Json;
using StreamManager.Engine.Channels;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Options;

public sealed class OptionsLoaderTests : IDisposable
{
    private readonly OptionsText _text = new();

    [Fact]
    public void Nothing_Set_GivesTheDefaultsOfTheContract()
    {
        var options = _text.Good(null);
        Assert.Equal((4200, 4201, 4290, 4291, 1935), (options.ApiPort, options.WebSocketPort, options.MetricsPort, options.HealthPort, options.RtmpPort));
        Assert.Null(options.RtmpsPort);
        Assert.Equal(IPAddress.Any, options.BindAddress);
        Assert.Equal(Path.Combine(_text.Folder, "data"), options.DataDirectory);
        var main = Assert.Single(options.Channels);
        Assert.Equal("main", main.Definition.Id);
        Assert.Equal(StartMode.OnPublish, main.Definition.Start);
        Assert.Equal(TimeSpan.FromSeconds(1), main.Definition.SourceTimeout);
        Assert.Equal(TimeSpan.FromSeconds(1800), main.Definition.EndAfter);
        Assert.Equal(2500, main.Definition.VideoBitrateKbps);
        Assert.Empty(main.Destinations);
    }

    [Fact]
    public void Sample_Loaded_EqualsTheDefaults()
    {
        var sample = _text.Good(File.ReadAllText(SampleFile));
        Assert.Equal(Describe(_text.Good(null)), Describe(sample));
    }

    [Fact]
    public void Sample_Keys_AreAllKeysThatThereAre()
    {
        var errors = new OptionNotes();
        var section = new ConfigSection(new YamlDotNet.RepresentationModel.YamlMappingNode(), "x", "", errors);
        ConfigFileReader.ReadRoot(section, "/", new ServerOptions());
        var inSample = File.ReadLines(SampleFile).Where(line => line.Length > 0 && char.IsAsciiLetter(line[0])).Select(line => line.Split(':')[0]);
        Assert.Equal(section.KnownKeys.Order(), inSample.Order());
    }

    [Fact]
    public void Sample_CommentedExamples_AreValidToo()
    {
        var lines = File.ReadLines(SampleFile)
            .Where(line => !line.StartsWith("destinations:", StringComparison.Ordinal) && !line.StartsWith("channels:", StringComparison.Ordinal))
            .Select(line => line.StartsWith("# destinations:", StringComparison.Ordinal) || line.StartsWith("# channels:", StringComparison.Ordinal) || line.StartsWith("#   ", StringComparison.Ordinal) ? line[2..] : line);
        var options = _text.Good(string.Join('\n', lines));
        Assert.Equal("youtube", Assert.Single(options.Channels[0].Destinations).Id);
        Assert.Equal(new StreamManager.Engine.Outputs.OutputSettings(), options.Channels[0].Destinations[0].Settings);
        Assert.Equal("second-archive", Assert.Single(options.Channels[1].Destinations).Id);
    }

    [Fact]
    public void Environment_OverFile_Wins()
    {
        const string yaml = "ingest_key: from-file\nfps: 25\nvideo_bitrate: 3M\naudio_bitrate: 128000\nresolution: 1280x720\n";
        var file = _text.Good(yaml).Channels[0];
        Assert.Equal(("from-file", 25, 3000, 128, 1280, 720), Values(file));
        var both = _text.Good(yaml, ("INGEST_KEY", "from-env"), ("TARGET_FPS", "60"), ("STREAM_BITRATE", "6000k"), ("STREAM_AUDIO_BITRATE", "160k"), ("STREAM_RESOLUTION", "854x480")).Channels[0];
        Assert.Equal(("from-env", 60, 6000, 160, 854, 480), Values(both));

        static (string?, int, int, int, int, int) Values(ChannelOptions channel) => (channel.IngestKey?.Value, channel.Definition.FramesPerSecond,
            channel.Definition.VideoBitrateKbps, channel.Definition.AudioBitrateKbps, channel.Definition.Width, channel.Definition.Height);
    }

    [Theory]
    [InlineData("1048576", 1L << 20)]
    [InlineData("1.5G", 3L << 29)]
    [InlineData("700m", 700L << 20)]
    [InlineData("2048K", 2L << 20)]
    public void Size_InEveryUnit_IsRead(string text, long bytes) => Assert.Equal(bytes, _text.Good($"upload_limit: {text}").Media.UploadLimit);

    [Theory]
    [InlineData("trusted_proxies: 10.0.0.1", "10.0.0.1")]
    [InlineData("trusted_proxies: '10.0.0.1, 2001:db8::/32'", "10.0.0.1, 2001:db8::/32")]
    [InlineData("trusted_proxies: [10.0.0.1, '::1']", "10.0.0.1, ::1")]
    [InlineData("trusted_proxies:\n  - 10.0.0.0/8\n  - 192.168.1.1\n", "10.0.0.0/8, 192.168.1.1")]
    [InlineData("trusted_proxies: []", "")]
    [InlineData("", "")]
    public void Proxies_AsTextOrAsList_AreRead_AndTheEnvironmentWins(string yaml, string expected)
    {
        Assert.Equal(expected, _text.Good(yaml).TrustedProxies.ToString());
        Assert.Equal("127.0.0.1", _text.Good(yaml, ("TRUSTED_PROXIES", "127.0.0.1")).TrustedProxies.ToString());
        Assert.Equal(_text.Good(yaml).TrustedProxies, _text.Good(yaml).TrustedProxies);
    }

    [Theory]
    [InlineData("trusted_proxies: proxy.example", "proxy.example")]
    [InlineData("trusted_proxies: [10.0.0.1, everybody]", "everybody")]
    [InlineData("trusted_proxies: [0.0.0.0/0]", "/0")]
    [InlineData("trusted_proxies: [[10.0.0.1]]", "list of texts")]
    [InlineData("trusted_proxies: { a: b }", "list of texts")]
    [InlineData("gop_cache: [true]", "one value")]
    public void Proxies_ThatAreNone_AreRefused(string yaml, string words) => Assert.Contains(words, Assert.Single(_text.Bad(yaml).Errors).ToString(), StringComparison.Ordinal);

    [Fact]
    public void Environment_EmptyVariable_CountsAsAbsent() => Assert.Equal(4200, _text.Good(null, ("PORT", ""), ("REDIS_URL", "")).ApiPort);

    [Fact]
    public void Destinations_FromEveryPlace_HaveStableIds()
    {
        const string yaml = """
            twitch_rtmp_url: rtmp://live.twitch.tv/app
            twitch_stream_key: live_123
            destinations:
              - { name: "My YouTube (2)", platform: youtube, url: "rtmps://a.rtmps.youtube.com/live2", stream_key: "abcd", playback_url: "https://youtube.example/@me/live", enabled: false, settings: { queue_limit_ms: 2000 } }
            channels:
              - id: second
                start: always
                destinations: [ { name: Twitch, url: "rtmp://x/app/k" } ]
            """;
        var options = _text.Good(yaml, ("TWITTER_RTMP_URL", "rtmp://x.example/x"), ("TWITTER_STREAM_KEY", "k"));
        var main = options.Channels[0].Destinations;
        Assert.Equal([("twitch", "twitch", "Twitch"), ("my-youtube-2", "youtube", "My YouTube (2)"), ("x", "x", "X")], main.Select(d => (d.Id, d.Platform, d.Name)));
        Assert.Equal(["", "https://youtube.example/@me/live", ""], main.Select(d => d.PlaybackUrl));
        Assert.False(main[1].Enabled);
        Assert.Equal(TimeSpan.FromSeconds(2), main[1].Settings.QueueLimit);
        Assert.Equal(StartMode.Always, options.Channels[1].Definition.Start);
        Assert.Equal("second-twitch", Assert.Single(options.Channels[1].Destinations).Id);
    }

    [Fact]
    public void Fallback_File_IsRelativeToTheConfigurationFile()
    {
        var definition = _text.Good("fallback_type: image\nfallback_image: media/a.jpg\n").Channels[0].Definition;
        Assert.Equal((FallbackKind.Image, Path.Combine(_text.Folder, "media/a.jpg")), (definition.Fallback, definition.FallbackFile));
    }

    [Theory]
    [InlineData("YOUTUBE_CLIENT_ID")]
    [InlineData("LIVEKIT_API_SECRET")]
    public void Environment_CredentialOfALaterVersion_IsMentioned(string name)
    {
        var loaded = Assert.IsType<OptionsResult.Loaded>(_text.Load(null, (name, "s3cret-value")));
        var notice = Assert.Single(loaded.Notices);
        Assert.Contains(name, notice, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-value", notice, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> WrongFiles => new()
    {
        { "rtmp_timeout: soon", "config.yml line 1: rtmp_timeout: \"soon\" is not allowed: seconds from 0.2 to 60" },
        { "rtmp_timeout: 0", "seconds from 0.2 to 60" },
        { "rtmp_timeout: -1", "seconds from 0.2 to 60" },
        { "check_interval: 1e9", "check_interval" },
        { "return_after: NaN", "return_after" },
        { "end_after: 99999999", "end_after" },
        { "start: sometimes", "on_publish | always | manual" },
        { "fallback_type: gif", "image | video | slate" },
        { "fallback_type: image", "needs a file: set fallback_image" },
        { "fallback_type: video\nfallback_image: a.jpg", "needs a file: set fallback_video" },
        { "on_crash: panic", "fallback | end" },
        { "on_stall: 1", "fallback | end" },
        { "on_clean_end: stop", "fallback | end" },
        { "on_format_change: ignore", "transcode | restart" },
        { "video_bitrate: fast", "written 2500k, 6M or in bit/s" },
        { "video_bitrate: 2500", "written 2500k, 6M or in bit/s" },
        { "video_bitrate: 900M", "100000k" },
        { "audio_bitrate: 6k", "32k to 512k" },
        { "fps: 29.97", "a whole number from 1 to 120" },
        { "fps: 0", "a whole number from 1 to 120" },
        { "resolution: 1920", "WIDTHxHEIGHT" },
        { "resolution: 1921x1080", "even numbers" },
        { "resolution: 1920x1080x3", "WIDTHxHEIGHT" },
        { "coalescing_ms: 351", "milliseconds from 0 to 350" },
        { "rtmp_chunk_size: 127", "128 to 65536" },
        { "upload_limit: 1023K", "1M to 1T" },
        { "upload_limit: 2T", "1M to 1T" },
        { "upload_limit: many", "1M to 1T" },
        { "upload_limit: 5000000000000000000000000000000G", "1M to 1T" },
        { "media_library_limit: -1", "1M to 1P" },
        { "upload_limit: 3G\nmedia_library_limit: 2G", "must not be below upload_limit" },
        { "rtmp_ping_interval: x", "rtmp_ping_interval" },
        { "rtmp_ping_interval: 30\nrtmp_ping_timeout: 20", "must not be below rtmp_ping_interval" },
        { "gop_cache: maybe", "true or false" },
        { "rtmp_max_connections: 0", "rtmp_max_connections" },
        { "rtmp_max_connections_per_address: many", "rtmp_max_connections_per_address" },
        { "ingest_key: a/b", "ingest_key" },
        { "ingest_key: [a]", "must be one text" },
        { "fps: { a: b }", "must be one value" },
        { "ingest_key: same\nbackup_ingest_key: same", "are the same key" },
        { "ingest_key: same\nchannels: [ { id: a, ingest_key: same } ]", "are the same key" },
        { "rtmp_input_url: rtmp://h/a", "pulling from an address is not available in this version" },
        { "multi_audio_enabled: true", "not available in this version" },
        { "audio_tracks: 2", "not available in this version" },
        { "twitch_stream_key: k", "needs twitch_rtmp_url" },
        { "twitch_rtmp_url: rtmp://live.twitch.tv/app", "needs twitch_stream_key" },
        { "twitch_rtmp_url: http://live.twitch.tv/app\ntwitch_stream_key: k", "an rtmp:// or rtmps:// address" },
        { "destinations: yes", "must be a list" },
        { "destinations: [ 5 ]", "must be a mapping" },
        { "destinations: [ { url: \"rtmp://h/a/k\" } ]", "destinations[0].name: is missing" },
        { "destinations: [ { name: A } ]", "destinations[0].url: is missing" },
        { "destinations: [ { name: A, url: \"rtmp://u:p@h:99999/a/k\" } ]", "an rtmp:// or rtmps:// address" },
        { "destinations: [ { name: A, url: \"rtmp://h/a\" } ]", "destinations[0].stream_key: There is no stream key" },
        { "destinations: [ { name: A, url: \"rtmp://h/a\", stream_key: \"a b\" } ]", "without spaces" },
        { "destinations: [ { name: A, url: \"rtmp://h\" } ]", "destinations[0].url" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", playback_url: \"javascript:alert(1)\" } ]", "destinations[0].playback_url" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", platform: vimeo } ]", "custom | youtube" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", enabled: 2 } ]", "true or false" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", stream_key: \"a b\" } ]", "stream_key" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", key: b } ]", "destinations[0].key: is not a known key" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\" }, { name: a, url: \"rtmp://h/b/k\" } ]", "give them different ones" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", settings: 1 } ]", "must be a mapping" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", settings: { queue_limit_ms: 1 } } ]", "milliseconds from 500 to 60000" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", settings: { retry_initial_seconds: 60 } } ]", "must not be below retry_initial_seconds" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", settings: { trusted_authority: abc } } ]", "certificates in PEM" },
        { "destinations: [ { name: A, url: \"rtmp://h/a/k\", settings: { retries: 1 } } ]", "is not a known key" },
        { "destinations: [ { name: a b, url: \"rtmp://h/a/k\" } ]\nchannels: [ { id: a, destinations: [ { name: b, url: \"rtmp://h/b/k\" } ] } ]", "another channel's destination" },
        { "channels: { a: b }", "must be a list" },
        { "channels: [ { start: always } ]", "channels[0].id: is missing" },
        { "channels: [ { id: Main! } ]", "lower-case letters" },
        { "channels: [ { id: main } ]", "choose another id" },
        { "channels: [ { id: a }, { id: a } ]", "is there twice" },
        { "channels: [ { id: a, gop_cache: true } ]", "channels[0].gop_cache: is not a known key" },
        { "rtmp_timout: 5", "rtmp_timout: is not a known key; did you mean rtmp_timeout?" },
        { "Fallback-Type: slate", "did you mean fallback_type?" },
        { "zzz: 1", "zzz: is not a known key" },
        { "fps: 30\nfps: 60", "YAML" },
        { "a: [", "YAML" },
        { "ingest_key: [studio\nfoo: bar", "YAML" },
        { "- a", "must be a mapping of keys and values" },
        { "fps: " + new string('[', 200_000), "nested deeper than 16 levels" },
        { "fps:\n  " + string.Concat(Enumerable.Repeat("- ", 200_000)) + "1", "nested deeper than 16 levels" },
        { "? &a [*a]\n: 1", "line 1: YAML: cannot be read: a key must be one text" },
        { "a: &a 1\n*a : 2", "line 2: YAML: cannot be read: a key must be one text" },
        { "{ a: 1, { b: 2 }: 3 }", "a key must be one text" },
        { "\"a\\nb\": 1", "a?b: is not a known key" },
    };

    [Fact]
    public void Key_WithAnAsteriskAndNoQuotes_IsNotRepeated()
    {
        var message = _text.Bad("fps: 30\ningest_key: *a-very-secret-key").Message;
        Assert.Contains("config.yml: YAML: a value that begins with * means an anchor", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(101, 101)]
    [InlineData(50_000, 101)]
    public void File_WithAnyNumberOfMistakes_ListsAHundredAndSaysThatThereAreMore(int mistakes, int listed)
    {
        var keys = _text.Bad(string.Concat(Enumerable.Range(0, mistakes).Select(i => $"zz{i}: 1\n")));
        var entries = _text.Bad("destinations:\n" + string.Concat(Enumerable.Repeat("- a\n", mistakes)));
        Assert.Equal((listed, listed), (keys.Errors.Length, entries.Errors.Length));
        Assert.Equal(mistakes > 100, keys.Message.EndsWith("there are more mistakes than these 100", StringComparison.Ordinal));
    }

    [Fact]
    public void File_ThatNeverEnds_IsRefused()
    {
        var file = Path.Combine(_text.Folder, "endless.yml");
        File.CreateSymbolicLink(file, "/dev/zero");
        Assert.Contains("is larger than 1 MB", _text.Bad(null, ("CONFIG_FILE", file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_ThatIsAPipeWithoutAWriter_IsRefusedInTime()
    {
        var file = Path.Combine(_text.Folder, "pipe.yml");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [file]))
            made.WaitForExit();
        var refusal = _text.Bad(null, ("CONFIG_FILE", file)).Message;

        // Lets the thread go that waits for a writer.
        File.WriteAllText(file, "");
        Assert.Contains("must be a plain file, not a pipe", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void File_WithOneMistake_IsRefusedInWords(string yaml, string words)
    {
        var invalid = _text.Bad(yaml);
        Assert.Single(invalid.Errors);
        Assert.Contains(words, invalid.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> WrongVariables => new()
    {
        { "PORT", "65536", "0 to 65535" },
        { "WS_PORT", "-1", "0 to 65535" },
        { "METRICS_PORT", "http", "0 to 65535" },
        { "HEALTH_PORT", "4200.5", "0 to 65535" },
        { "RTMP_PORT", "0x10", "0 to 65535" },
        { "HEALTH_PORT", "4290", "also METRICS_PORT's" },
        { "BIND_ADDRESS", "localhost", "an IPv4 or IPv6 address" },
        { "ADMIN_TOKEN", "with space", "visible characters" },
        { "INGEST_KEY", "a?b", "characters out of" },
        { "ENCRYPTION_KEY", "short", "64 hexadecimal digits, or a passphrase" },
        { "CONFIG_FILE", "nowhere.yml", "cannot be read" },
        { "TARGET_FPS", "500", "1 to 120" },
        { "STREAM_RESOLUTION", "big", "WIDTHxHEIGHT" },
        { "STREAM_BITRATE", "1", "100k to 100000k" },
        { "STREAM_AUDIO_BITRATE", "x", "32k to 512k" },
        { "STREAM_CODEC", "hevc", "not available in this version" },
        { "STREAM_PRESET", "slow", "not available in this version" },
        { "STREAM_AUDIO_CODEC", "opus", "not available in this version" },
        { "MAX_LAYERS", "10", "not available in this version" },
        { "RENDER_QUALITY", "low", "not available in this version" },
        { "REDIS_URL", "http://h", "redis://" },
        { "REDIS_URL", "redis://h:99999", "REDIS_URL" },
        { "REDIS_PASSWORD", "p", "needs REDIS_URL" },
        { "REDIS_CA_FILE", "/etc/ssl/certs/ca-certificates.crt", "needs a REDIS_URL that begins with rediss://" },
        { "TWITTER_RTMP_URL", "rtmp://h/a", "needs TWITTER_STREAM_KEY" },
        { "TWITTER_STREAM_KEY", "k", "needs TWITTER_RTMP_URL" },
    };

    [Theory]
    [MemberData(nameof(WrongVariables))]
    public void Environment_WithOneMistake_IsRefusedInWords(string name, string value, string words)
    {
        var invalid = _text.Bad(null, (name, value));
        Assert.Single(invalid.Errors);
        Assert.Contains(name, invalid.Message, StringComparison.Ordinal);
        Assert.Contains(words, invalid.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://h", "any", "begins with rediss://")]
    [InlineData("rediss://h", "nowhere", "cannot be read")]
    [InlineData("rediss://h", "empty", "holds no certificate")]
    [InlineData("rediss://h", "key", "holds no certificate")]
    [InlineData("rediss://h", "large", "larger than 1 MB")]
    public void RedisAuthority_ThatIsNone_IsRefusedInWords(string url, string file, string words)
    {
        File.WriteAllText(Path.Combine(_text.Folder, "empty"), "");
        File.WriteAllText(Path.Combine(_text.Folder, "large"), new string('x', (1 << 20) + 1));
        using (var key = System.Security.Cryptography.ECDsa.Create())
            File.WriteAllText(Path.Combine(_text.Folder, "key"), key.ExportPkcs8PrivateKeyPem());
        var error = Assert.Single(_text.Bad(null, ("REDIS_URL", url), ("REDIS_CA_FILE", Path.Combine(_text.Folder, file))).Errors);
        Assert.Equal("REDIS_CA_FILE", error.Key);
        Assert.Contains(words, error.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void Rtmps_WithoutFiles_NamesBoth()
    {
        var invalid = _text.Bad(null, ("RTMPS_PORT", "1936"), ("TLS_KEY", "/nowhere/key.pem"));
        Assert.Equal(["TLS_CERTIFICATE", "TLS_KEY"], invalid.Errors.Select(error => error.Key));
    }

    [Theory]
    [InlineData("http://foo", "\"http://foo\"")]
    [InlineData("http://foo/s3cret?s3cret", "\"http://foo/…\"")]
    [InlineData("http://foo:80/s3cret", "\"http://foo/…\"")]
    [InlineData("http://u:s3cret@foo/app", Secret.Mask)]
    [InlineData("http://u:12/s3cret@foo/app", Secret.Mask)]
    [InlineData("s3cret", Secret.Mask)]
    [InlineData("s3cret_key://foo/app", Secret.Mask)]
    [InlineData("http://s3cret_!/app", Secret.Mask)]
    public void Address_Wrong_IsRepeatedUpToItsHostOnly(string url, string words)
    {
        var invalid = _text.Bad($"destinations: [ {{ name: A, url: \"{url}\", stream_key: k }} ]");
        Assert.Contains(words, invalid.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", invalid.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mistakes_InFileAndEnvironment_AreAllListedAndNoSecretIsShown()
    {
        var invalid = _text.Bad(
            "ingest_key: \"bad secret\"\nfps: 0\ndestinations: [ { name: A, url: \"ftp://user:hunter2@h/a\", stream_key: \"k e y s3cret\" } ]\n",
            ("PORT", "x"),
            ("ADMIN_TOKEN", "to ken s3cret"),
            ("ENCRYPTION_KEY", "s3cret"));
        Assert.Equal(7, invalid.Errors.Length);
        Assert.DoesNotContain("s3cret", invalid.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("bad secret", invalid.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", invalid.Message, StringComparison.Ordinal);
        Assert.Contains(Secret.Mask, invalid.Message, StringComparison.Ordinal);
        Assert.Contains("7 errors", invalid.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_ThatAreTheSame_AreAllListed() => Assert.Equal(
        ["METRICS_PORT", "RTMP_PORT"], _text.Bad(null, ("METRICS_PORT", "4200"), ("RTMP_PORT", "4200")).Errors.Select(error => error.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void Options_Printed_ShowNoSecret()
    {
        var options = _text.Good("ingest_key: s3cret-1\n", ("ADMIN_TOKEN", "s3cret-2"), ("ENCRYPTION_KEY", "s3cret-3-long"), ("TWITTER_RTMP_URL", "rtmp://h/a"), ("TWITTER_STREAM_KEY", "s3cret-4"));
        Assert.DoesNotContain("s3cret", options.ToString() + options.Channels[0] + options.Channels[0].Destinations[0], StringComparison.Ordinal);
    }

    public void Dispose() => _text.Dispose();

    internal static string SampleFile { get; } = FindSample();

    private static string Describe(ServerOptions options) =>
        JsonSerializer.Serialize(options with { BindAddress = null!, Settings = [] });

    private static string FindSample()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "StreamManager.slnx")))
            folder = Path.GetDirectoryName(folder)!;
        return Path.Combine(folder, "config.example.yml");
    }
}
