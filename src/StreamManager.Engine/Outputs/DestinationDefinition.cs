namespace StreamManager.Engine.Outputs;

/// <summary>Where a program is sent, as the user configured it. Immutable; a change is a new instance with the same id.</summary>
public sealed record DestinationDefinition
{
    /// <summary>Opaque id, unique on the server.</summary>
    public required string Id { get; init; }

    /// <summary>What the user calls it.</summary>
    public required string Name { get; init; }

    /// <summary>youtube, twitch, facebook, x, kick, cloudflare or custom.</summary>
    public string Platform { get; init; } = "custom";

    /// <summary><c>rtmp://</c> or <c>rtmps://</c> address without the key.</summary>
    public required string Url { get; init; }

    /// <summary>The secret stream key; empty where the address is enough. Never shown, logged or measured.</summary>
    public string StreamKey { get; init; } = "";

    /// <summary>Where viewers watch it, for people: <c>http://</c> or <c>https://</c>; empty: not said. The engine only hands it on.</summary>
    public string PlaybackUrl { get; init; } = "";

    /// <summary>Off: kept, but nothing is sent.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The fine settings.</summary>
    public OutputSettings Settings { get; init; } = new();

    /// <summary>A sink of the server's own, which a drill puts there for a while: it gets the program like any other, but no snapshot shows it and no event tells of it. Never changes.</summary>
    public bool IsRehearsal { get; init; }

    /// <summary>Everything but the key, for logs.</summary>
    public override string ToString() => $"destination {Id}";
}

/// <summary>Fine settings of one destination.</summary>
public sealed record OutputSettings
{
    /// <summary>First wait before a reconnect; doubles up to <see cref="RetryMaximum"/>, with jitter. Default 1 s.</summary>
    public TimeSpan RetryInitial { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait before a reconnect. Default 30 s.</summary>
    public TimeSpan RetryMaximum { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures in a row after which the output gives up; 0: never. Default 0.</summary>
    public int RetryLimit { get; init; }

    /// <summary>
    /// Media that may wait for a slow peer, in time; beyond it everything up to the next keyframe is dropped. Default 5 s: more than a reconnect of TCP's
    /// retransmissions takes, less than a viewer would wait.
    /// </summary>
    public TimeSpan QueueLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The peer acknowledges nothing for so long: the connection counts as stalled. Default 5 s.</summary>
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Stalled for so long: connect anew. Default 30 s.</summary>
    public TimeSpan ReconnectWhenStalled { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Accept a certificate that no authority vouches for (<c>rtmps://</c> to a server of one's own). Default false.</summary>
    public bool AllowUntrustedCertificate { get; init; }

    /// <summary>PEM of an authority to trust besides the system's; null: none.</summary>
    public string? TrustedAuthority { get; init; }
}
