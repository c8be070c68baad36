using System.Collections.Immutable;
using System.Net;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Security;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Options;

/// <summary>Everything that is set before the server starts: built-in values, over them <c>config.yml</c>, over it the environment. Immutable.</summary>
internal sealed record ServerOptions
{
    /// <summary>Where to listen. Default: every IPv4 address.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.Any;

    /// <summary>API and previews. 0: any free port, as for every port here.</summary>
    public int ApiPort { get; init; } = 4200;

    /// <summary>The WebSocket alone.</summary>
    public int WebSocketPort { get; init; } = 4201;

    /// <summary><c>/metrics</c>.</summary>
    public int MetricsPort { get; init; } = 4290;

    /// <summary><c>/health</c>.</summary>
    public int HealthPort { get; init; } = 4291;

    /// <summary>Publishers and players.</summary>
    public int RtmpPort { get; init; } = 1935;

    /// <summary>The same over TLS; null: off.</summary>
    public int? RtmpsPort { get; init; }

    /// <summary>PEM file with the certificate chain for RTMPS.</summary>
    public string? TlsCertificateFile { get; init; }

    /// <summary>PEM file with its private key.</summary>
    public string? TlsKeyFile { get; init; }

    /// <summary>Where the server keeps its state.</summary>
    public string DataDirectory { get; init; } = "./data";

    /// <summary>The configuration file, as a full path; it need not exist.</summary>
    public string ConfigurationFile { get; init; } = Path.GetFullPath("config.yml");

    /// <summary>An owner's API token, for automation; null: none.</summary>
    public Secret? AdminToken { get; init; }

    /// <summary>What the stored secrets are sealed with; null: a key is made at the first start.</summary>
    public Secret? EncryptionKey { get; init; }

    /// <summary>The Redis that holds the state; null: an SQLite database in <see cref="DataDirectory"/>.</summary>
    public RedisUrl? Redis { get; init; }

    /// <summary><c>--takeover</c>: the shared database is taken over from another server that holds it. No setting: it is meant for one start.</summary>
    public bool TakesOver { get; init; }

    /// <summary>PEM of the authorities that its certificate must be signed by, in place of the operating system's; null: those.</summary>
    public string? RedisAuthority { get; init; }

    /// <summary>The ffmpeg program.</summary>
    public string FfmpegPath { get; init; } = "ffmpeg";

    /// <summary>The built dashboard. Default: beside the program, where the build puts it; without it the API works alone.</summary>
    public string DashboardDirectory { get; init; } = Path.Combine(AppContext.BaseDirectory, "wwwroot");

    /// <summary>How log entries are written. Default: lines for people.</summary>
    public LogFormat LogFormat { get; init; } = LogFormat.Console;

    /// <summary>Entries below this are not written. Default: information.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>The OpenTelemetry collector; null: none, and nothing is sent.</summary>
    public TelemetryOptions? Telemetry { get; init; }

    /// <summary>How long packets may be held back so that more of them go out by one system call. Default 15 ms: nobody sees it, and it halves the work of many destinations.</summary>
    public TimeSpan CoalescingTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Names (aliases, and fixed keys of fewer than 16 characters) work from public addresses too. Default false: a name can be guessed.</summary>
    public bool AliasesOnPublicAddresses { get; init; }

    /// <summary>Proxies in front: whom they name as the client is the client. Default none: anybody could name anybody.</summary>
    public TrustedProxies TrustedProxies { get; init; } = TrustedProxies.None;

    /// <summary>RTMP players on this machine need a token like all others. Default false: a player on the same desk just works. True where strangers come by way of this machine.</summary>
    public bool LocalPlayNeedsToken { get; init; }

    /// <summary>Events older than this are dropped from the journal. Default 30 days: what went wrong in a show is looked for within weeks.</summary>
    public int EventRetentionDays { get; init; } = 30;

    /// <summary>Events beyond the newest so many are dropped. Default 100,000: about 40 MB, and hundreds of shows.</summary>
    public int EventRetentionEntries { get; init; } = 100_000;

    /// <summary>May webhooks go to this machine and to private networks? Default false: who may add a webhook could reach through it what only this machine can reach.</summary>
    public bool WebhookAllowPrivateAddresses { get; init; }

    /// <summary>The RTMP server.</summary>
    public RtmpOptions Rtmp { get; init; } = new();

    /// <summary>The media library.</summary>
    public MediaOptions Media { get; init; } = new();

    /// <summary>Each setting with what it was read from, for people.</summary>
    public ImmutableArray<ReadSetting> Settings { get; init; } = [];

    /// <summary>The channels; <c>main</c> is the first and always there.</summary>
    public ImmutableArray<ChannelOptions> Channels { get; init; } = [new ChannelOptions()];
}

/// <summary>How log entries are written.</summary>
internal enum LogFormat
{
    /// <summary>A line of text each.</summary>
    Console = 1,

    /// <summary>A JSON object in a line each.</summary>
    Json = 2,
}

/// <summary>Settings of the media library.</summary>
internal sealed record MediaOptions
{
    /// <summary>Bytes of one file. Default 2 GiB: an hour of video at 4.5 Mbit/s.</summary>
    public long UploadLimit { get; init; } = 2L << 30;

    /// <summary>Bytes of all files together. Default 20 GiB: ten of the largest, and half of the disk of a small rented machine.</summary>
    public long LibraryLimit { get; init; } = 20L << 30;

    /// <summary>Bytes of the disk that uploads leave free. 1 GiB: the state beside them must be able to go on, and clips are encoded there. Not a setting.</summary>
    public long DiskReserve { get; init; } = 1L << 30;
}

/// <summary>Settings of the RTMP server.</summary>
internal sealed record RtmpOptions
{
    /// <summary>Chunk size towards players, bytes. Default 60,000: few chunk headers, and below the 65,536 that old players take.</summary>
    public int ChunkSize { get; init; } = 60_000;

    /// <summary>How often players are pinged. Default 30 s.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A player that answers nothing for so long is closed. Default 60 s. Publishers are never judged by pings: OBS answers none.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>New players get the current group of pictures at once. Default true.</summary>
    public bool GopCache { get; init; } = true;

    /// <summary>Connections at once. Default 4,000: some hundred publishers and as many players as two cores serve, and far below the usual limit of open files.</summary>
    public int MaximumConnections { get; init; } = 4_000;

    /// <summary>Connections at once from one address. Default 512: a studio or a carrier's gateway with everything behind it.</summary>
    public int MaximumConnectionsPerAddress { get; init; } = 512;
}

/// <summary>One channel as it is configured.</summary>
internal sealed record ChannelOptions
{
    /// <summary>Id of the channel that always exists.</summary>
    public const string MainId = "main";

    /// <summary>What the engine needs to know.</summary>
    public ChannelDefinition Definition { get; init; } = new() { Id = MainId };

    /// <summary>A fixed key of the main source; null: a random one is made and kept.</summary>
    public Secret? IngestKey { get; init; }

    /// <summary>A fixed key of the backup source; null: a random one is made and kept.</summary>
    public Secret? BackupIngestKey { get; init; }

    /// <summary>Destinations from the configuration. Their ids are made of their names, so that they stay the same over restarts.</summary>
    public ImmutableArray<DestinationDefinition> Destinations { get; init; } = [];
}
