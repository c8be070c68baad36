using System.Diagnostics.CodeAnalysis;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>Why there is no clip.</summary>
public enum ClipFailure
{
    /// <summary>Packets that fit the program's format cannot be made by x264 (another codec, High 10, 4:2:2, …).</summary>
    FormatNotSupported = 1,

    /// <summary>The file is not there, or may not be read.</summary>
    FileMissing = 2,

    /// <summary>It is there and is no picture or video that can be decoded.</summary>
    FileNotUsable = 3,

    /// <summary>ffmpeg is missing or cannot be started.</summary>
    FfmpegMissing = 4,

    /// <summary>ffmpeg is there and has no libx264.</summary>
    EncoderMissing = 5,

    /// <summary>It took too long.</summary>
    TimedOut = 6,

    /// <summary>ffmpeg failed for another reason.</summary>
    EncodingFailed = 7,

    /// <summary>The result could not be stored (disk full, no rights).</summary>
    NotStored = 8,

    /// <summary>The file needs more memory or processor time than one may.</summary>
    BeyondLimits = 9,
}

/// <summary>A clip, or why there is none. A failure is told to the user in <see cref="Words"/> and the caller falls back to the slate or to the last picture.</summary>
public sealed record ClipResult
{
    private ClipResult()
    {
    }

    /// <summary>The clip; null on failure.</summary>
    public Clip? Clip { get; private init; }

    /// <summary>Why there is none; null on success.</summary>
    public ClipFailure? Failure { get; private init; }

    /// <summary>What happened, for a person; empty on success.</summary>
    public string Words { get; private init; } = "";

    /// <summary>True when it came from the disk cache and nothing was encoded.</summary>
    public bool FromCache { get; private init; }

    /// <summary>There is a clip.</summary>
    [MemberNotNullWhen(true, nameof(Clip))]
    [MemberNotNullWhen(false, nameof(Failure))]
    public bool IsSuccess => Clip is not null;

    internal static ClipResult Made(Clip clip, bool fromCache) => new() { Clip = clip, FromCache = fromCache };

    internal static ClipResult Failed(ClipFailure failure, string words) => new() { Failure = failure, Words = words };
}
