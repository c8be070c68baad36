using StreamManager.Engine.Outputs;

namespace StreamManager.Server.Channels;

/// <summary>
/// The fine settings of a destination as JSON, in the API and in the state. What is absent keeps its built-in value, also when a later version adds a setting.
/// </summary>
internal sealed record OutputSettingsDocument
{
    /// <summary>See <see cref="OutputSettings.RetryInitial"/>.</summary>
    public double? RetryInitialSeconds { get; init; }

    /// <summary>See <see cref="OutputSettings.RetryMaximum"/>.</summary>
    public double? RetryMaximumSeconds { get; init; }

    /// <summary>See <see cref="OutputSettings.RetryLimit"/>.</summary>
    public int? RetryLimit { get; init; }

    /// <summary>See <see cref="OutputSettings.QueueLimit"/>.</summary>
    public int? QueueLimitMs { get; init; }

    /// <summary>See <see cref="OutputSettings.StallAfter"/>.</summary>
    public double? StallAfterSeconds { get; init; }

    /// <summary>See <see cref="OutputSettings.ReconnectWhenStalled"/>.</summary>
    public double? ReconnectWhenStalledSeconds { get; init; }

    /// <summary>See <see cref="OutputSettings.AllowUntrustedCertificate"/>.</summary>
    public bool? AllowUntrustedCertificate { get; init; }

    /// <summary>See <see cref="OutputSettings.TrustedAuthority"/>.</summary>
    public string? TrustedAuthority { get; init; }

    /// <summary>All of <paramref name="settings"/>.</summary>
    public static OutputSettingsDocument From(OutputSettings settings) => new()
    {
        RetryInitialSeconds = settings.RetryInitial.TotalSeconds,
        RetryMaximumSeconds = settings.RetryMaximum.TotalSeconds,
        RetryLimit = settings.RetryLimit,
        QueueLimitMs = (int)settings.QueueLimit.TotalMilliseconds,
        StallAfterSeconds = settings.StallAfter.TotalSeconds,
        ReconnectWhenStalledSeconds = settings.ReconnectWhenStalled.TotalSeconds,
        AllowUntrustedCertificate = settings.AllowUntrustedCertificate,
        TrustedAuthority = settings.TrustedAuthority,
    };

    /// <summary>What is here, over <paramref name="settings"/>.</summary>
    public OutputSettings Over(OutputSettings settings) => settings with
    {
        RetryInitial = RetryInitialSeconds is { } initial ? TimeSpan.FromSeconds(initial) : settings.RetryInitial,
        RetryMaximum = RetryMaximumSeconds is { } maximum ? TimeSpan.FromSeconds(maximum) : settings.RetryMaximum,
        RetryLimit = RetryLimit ?? settings.RetryLimit,
        QueueLimit = QueueLimitMs is { } queue ? TimeSpan.FromMilliseconds(queue) : settings.QueueLimit,
        StallAfter = StallAfterSeconds is { } stall ? TimeSpan.FromSeconds(stall) : settings.StallAfter,
        ReconnectWhenStalled = ReconnectWhenStalledSeconds is { } reconnect ? TimeSpan.FromSeconds(reconnect) : settings.ReconnectWhenStalled,
        AllowUntrustedCertificate = AllowUntrustedCertificate ?? settings.AllowUntrustedCertificate,
        TrustedAuthority = TrustedAuthority ?? settings.TrustedAuthority,
    };
}
