using StreamManager.Engine.Programs;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Codecs.Live;

/// <summary>What a <see cref="LiveTranscoder"/> shall do.</summary>
public sealed record LiveTranscodeRequest
{
    /// <summary>The program's format: what comes out.</summary>
    public required ProgramFormat Target { get; init; }

    /// <summary>The source's decoder configuration; null = it has no video.</summary>
    public required MediaPacket? VideoConfiguration { get; init; }

    /// <summary>The source's audio configuration; null = it has no sound.</summary>
    public required MediaPacket? AudioConfiguration { get; init; }

    /// <summary>False: the pictures fit as they are and are passed on, parameter sets and offsets included.</summary>
    public bool TranscodeVideo { get; init; } = true;

    /// <summary>False: the sound fits as it is and is passed on.</summary>
    public bool TranscodeAudio { get; init; } = true;

    /// <summary>Bit rate of the coded video in kbit/s.</summary>
    public int VideoBitrateKbps { get; init; } = 4500;

    /// <summary>Bit rate of the coded sound in kbit/s.</summary>
    public int AudioBitrateKbps { get; init; } = 160;
}

/// <summary>Why a <see cref="LiveTranscoder"/> ended.</summary>
public enum LiveTranscodeEndReason
{
    /// <summary>It was told to.</summary>
    Stopped = 1,

    /// <summary>ffmpeg ended by itself, or its output could not be read.</summary>
    Failed = 2,

    /// <summary>It ran for so long that its 32-bit clock comes to an end. Start another.</summary>
    RenewalDue = 3,
}

/// <summary>The end of a live transcode, as a value.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Words">What happened, for a person; empty when it was told to stop.</param>
public sealed record LiveTranscodeEnd(LiveTranscodeEndReason Reason, string Words);
