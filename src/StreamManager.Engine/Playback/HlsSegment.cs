using System.Collections.Immutable;
using StreamManager.Media.Mp4;

namespace StreamManager.Engine.Playback;

/// <summary>What stands in front of segments: the tracks. Another one follows when the configuration changes.</summary>
/// <param name="Number">From 0; in its address.</param>
/// <param name="Video">The pictures.</param>
/// <param name="Audio">The sound; null: none.</param>
/// <param name="Bytes">The init segment.</param>
public sealed record HlsInit(int Number, Mp4VideoTrack Video, Mp4AudioTrack? Audio, ReadOnlyMemory<byte> Bytes);

/// <summary>A piece of a program that players fetch. Immutable; the samples are the packets' own bytes, which all outputs share.</summary>
public sealed record HlsSegment
{
    /// <summary>Its number in the media sequence, from 0.</summary>
    public required long Number { get; init; }

    /// <summary>What stands in front of it.</summary>
    public required HlsInit Init { get; init; }

    /// <summary>Discontinuities of the stream up to this one, which is counted when it begins with one.</summary>
    public required int Discontinuities { get; init; }

    /// <summary>It does not continue the one before it: other tracks, or another timeline.</summary>
    public required bool IsDiscontinuity { get; init; }

    /// <summary>It begins with a keyframe.</summary>
    public required bool IsIndependent { get; init; }

    /// <summary>Its length.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>When its beginning came in.</summary>
    public required DateTimeOffset StartsAt { get; init; }

    /// <summary>Pictures in it.</summary>
    public required int Pictures { get; init; }

    /// <summary>Memory that it holds, bytes.</summary>
    public required long HeldBytes { get; init; }

    /// <summary>What is sent, in this order: a table, then the samples as they came.</summary>
    public required ImmutableArray<ReadOnlyMemory<byte>> Pieces { get; init; }

    /// <summary>Bytes of all <see cref="Pieces"/>.</summary>
    public long Length => Pieces.Sum(static piece => (long)piece.Length);
}
