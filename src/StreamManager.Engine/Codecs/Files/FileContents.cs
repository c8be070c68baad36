namespace StreamManager.Engine.Codecs.Files;

/// <summary>How a stored file is to be opened. ffmpeg is never left to guess: a "video" that is really a playlist would make it open other files.</summary>
/// <param name="Path">Where it is; a name that we gave it.</param>
/// <param name="Demuxer">ffmpeg's name of the container.</param>
/// <param name="IsStill">A picture: every error in it counts, since there is no second frame.</param>
public sealed record FileToInspect(string Path, string Demuxer, bool IsStill);

/// <summary>What is in a file, by ffprobe's word.</summary>
/// <param name="VideoCodec">ffmpeg's name of the first video stream's codec; null: there is none that is more than a cover picture.</param>
/// <param name="Width">Pixels as shown, turned as the file says.</param>
/// <param name="Height">Pixels as shown, turned as the file says.</param>
/// <param name="Duration">How long it plays; null: it does not say.</param>
/// <param name="AudioCodecs">ffmpeg's names of the sound streams' codecs.</param>
/// <param name="IsEncrypted">A stream says so.</param>
public sealed record FileContents(string? VideoCodec, int Width, int Height, TimeSpan? Duration, IReadOnlyList<string> AudioCodecs, bool IsEncrypted);

/// <summary>Why a file could not be inspected.</summary>
public enum InspectionFailure
{
    /// <summary>ffmpeg or ffprobe is missing or cannot be started: nothing is known about the file.</summary>
    NoTool = 1,

    /// <summary>ffmpeg cannot read or decode it.</summary>
    Unreadable = 2,

    /// <summary>It took more time or processor time than a file may.</summary>
    TooSlow = 3,

    /// <summary>A stream in it needs a decoder that is not on the list.</summary>
    OtherCodec = 4,

    /// <summary>To decode it takes more memory than a file may.</summary>
    TooLarge = 5,
}

/// <summary>A failed inspection.</summary>
/// <param name="Failure">Whose fault it is.</param>
/// <param name="Words">What happened, for a person; no path of ours in it.</param>
public sealed record InspectionFault(InspectionFailure Failure, string Words);
