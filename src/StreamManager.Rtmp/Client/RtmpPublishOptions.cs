using System.Security.Cryptography.X509Certificates;

namespace StreamManager.Rtmp.Client;

/// <summary>How to connect and what to say.</summary>
public sealed record RtmpPublishOptions
{
    /// <summary>Where.</summary>
    public required RtmpDestinationUrl Destination { get; init; }

    /// <summary>Chunk size announced to the server, 128 to 65536. 60,000 as other restreamers do: a frame of a usual stream is one chunk, and every server takes it.</summary>
    public int OutgoingChunkSize { get; init; } = 60_000;

    /// <summary>flashVer of <c>connect</c>. Some ingest servers accept only names that look like Flash Media Live Encoder's.</summary>
    public string FlashVersion { get; init; } = "FMLE/3.0 (compatible; StreamManager)";

    /// <summary>FourCC codes announced in <c>connect</c> (enhanced RTMP); empty: the field is not sent, as by OBS.</summary>
    public IReadOnlyList<string> FourCcList { get; init; } = [];

    /// <summary>Certificates (PEM read by the caller) that are trusted beside the system's: for a private server with an authority of its own.</summary>
    public X509Certificate2Collection? ExtraTrustedRoots { get; init; }

    /// <summary>Takes any certificate. For tests on a closed network; the stream key is then open to whoever sits in between.</summary>
    public bool AllowUntrustedCertificate { get; init; }

    /// <summary>Bounds.</summary>
    public RtmpClientLimits Limits { get; init; } = new();
}

/// <summary>Every bound of an outgoing connection. Times run on the injected clock.</summary>
public sealed record RtmpClientLimits
{
    /// <summary>Name look-up and all TCP attempts together: two lost SYNs (1 s + 2 s) to two addresses still fit.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>One address, while others are left to try: two lost SYNs.</summary>
    public TimeSpan AddressTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>TLS handshake.</summary>
    public TimeSpan TlsTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>RTMP handshake: two round trips of 3 KB.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answer to <c>connect</c> and, apart, to <c>createStream</c>.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answer to <c>publish</c>: servers ask their account service about the key before they answer.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>An intended end: the farewell must not hold up a stop.</summary>
    public TimeSpan EndTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Redirects followed: a load balancer needs one; more is a loop.</summary>
    public int MaxRedirects { get; init; } = 3;

    /// <summary>Connections for authentication: the refusal, the challenge, the proof.</summary>
    public int MaxAuthenticationSteps { get; init; } = 3;

    /// <summary>Addresses of one name that are tried.</summary>
    public int MaxAddresses { get; init; } = 8;

    /// <summary>Messages that a server may send before it has answered a command: bandwidth checks and notices are a handful.</summary>
    public int MaxMessagesPerStage { get; init; } = 256;
}
