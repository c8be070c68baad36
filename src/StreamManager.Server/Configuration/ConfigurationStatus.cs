using System.Collections.Immutable;
using StreamManager.Server.Options;

namespace StreamManager.Server.Configuration;

/// <summary>What became of <c>config.yml</c>. Immutable.</summary>
internal sealed record ConfigurationStatus
{
    /// <summary>The file; it need not exist.</summary>
    public required string File { get; init; }

    /// <summary>When what holds now was read.</summary>
    public required DateTimeOffset AppliedAt { get; init; }

    /// <summary>When the file was read last, with or without success.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>When the file was looked at last: all of this was so then.</summary>
    public required DateTimeOffset CheckedAt { get; init; }

    /// <summary>When the file was last changed, by its own stamp; null: there is none.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>It was changed since it was read; it is read soon.</summary>
    public bool IsPending { get; init; }

    /// <summary>Why the text of the file that was read last does not hold; empty: it does.</summary>
    public ImmutableArray<OptionError> Errors { get; init; } = [];

    /// <summary>Settings of the file that hold from the next start only.</summary>
    public ImmutableArray<string> NeedsRestart { get; init; } = [];

    /// <summary>Every setting of the text that holds, and of the environment, with where it came from. Secrets are masked.</summary>
    public ImmutableArray<ReadSetting> Settings { get; init; } = [];

    /// <summary>Does the text of the file that was read last hold?</summary>
    public bool IsCurrent => Errors.IsEmpty;
}
