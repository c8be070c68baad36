using StreamManager.Server.Api;

namespace StreamManager.Server.Realtime;

/// <summary>The bounds of the WebSocket.</summary>
internal static class RealtimeLimits
{
    /// <summary>Clients at once: a dashboard for each of a large crew, many times over. One that listens only costs a few kilobytes.</summary>
    public const int MostClients = 5_000;

    /// <summary>Of one address: half of all, since a proxy in front has one address for everybody, and nobody shall lock out the rest.</summary>
    public const int MostClientsOfAnAddress = 2_500;

    /// <summary>A frame of a client: the largest body of the REST API, and room for what stands around it.</summary>
    public const int MostMessageBytes = RequestFields.LargestBody + 1_024;

    /// <summary>Frames that may wait for one client: four minutes of metrics, or a storm of events while its tab sleeps.</summary>
    public const int MostQueuedFrames = 256;

    /// <summary>Their bytes: the status of a channel with all destinations twenty times. The frames are shared by all clients.</summary>
    public const int MostQueuedBytes = 4 * 1024 * 1024;

    /// <summary>Commands that a client may send in a second, above what it has saved up. A person at a fader stays below.</summary>
    public const int CommandsPerSecond = 20;

    /// <summary>Commands that it may save up.</summary>
    public const int MostSavedCommands = 60;

    /// <summary>Longest text that names a command or its id.</summary>
    public const int LongestName = 64;

    /// <summary>Deepest nesting of a frame: that of a body, and the frame around it.</summary>
    public const int DeepestNesting = 10;

    /// <summary>A client without a token in its request sends it so soon: it is a program, not a person who types.</summary>
    public static readonly TimeSpan AuthenticationTimeout = TimeSpan.FromSeconds(5);

    /// <summary>One frame takes no longer to leave, or the client is gone.</summary>
    public static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);

    /// <summary>From the server's farewell to the client's.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    /// <summary>A ping after so long a silence: proxies close what is silent for a minute.</summary>
    public static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(20);

    /// <summary>No pong for so long: gone.</summary>
    public static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    /// <summary>How often it is looked for changes, and so least time between two states of a channel: four a second.</summary>
    public static readonly TimeSpan StatusInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>From the first byte of a frame to its last, in however many fragments: 65 KB over a telephone line. One that never ends would hold its buffer for ever.</summary>
    public static readonly TimeSpan MessageTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Looks between two frames of metrics: one a second.</summary>
    public const int LooksPerMetrics = 4;

    /// <summary>How often it is asked whether a client still may: a token that was revoked works so much longer for watching, and not at all for commands.</summary>
    public static readonly TimeSpan RecheckInterval = TimeSpan.FromSeconds(30);
}
