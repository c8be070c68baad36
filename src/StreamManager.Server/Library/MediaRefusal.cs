namespace StreamManager.Server.Library;

/// <summary>Why a file is not taken.</summary>
internal enum MediaRefusalReason
{
    /// <summary>It has no bytes.</summary>
    Empty = 1,

    /// <summary>It is of a kind that the library does not take, whatever its name says.</summary>
    NotAccepted = 2,

    /// <summary>It ends too early, or cannot be decoded.</summary>
    Damaged = 3,

    /// <summary>Its content is encrypted.</summary>
    Encrypted = 4,

    /// <summary>There is no picture in it.</summary>
    NoPicture = 5,

    /// <summary>More pixels, or longer, than a file may be.</summary>
    BeyondLimits = 6,

    /// <summary>To look into it took too long.</summary>
    TooSlow = 7,

    /// <summary>It cannot be checked: ffmpeg is missing. Not the file's fault.</summary>
    NotChecked = 8,
}

/// <summary>A file that is not taken.</summary>
/// <param name="Reason">Why, for programs.</param>
/// <param name="Words">Why, for people: a sentence or two without the file's own text.</param>
internal sealed record MediaRefusal(MediaRefusalReason Reason, string Words)
{
    /// <summary>The stable code of the API.</summary>
    public string Code => Reason switch
    {
        MediaRefusalReason.Empty => "media_empty",
        MediaRefusalReason.NotAccepted => "media_type_not_accepted",
        MediaRefusalReason.Damaged => "media_damaged",
        MediaRefusalReason.Encrypted => "media_encrypted",
        MediaRefusalReason.NoPicture => "media_without_picture",
        MediaRefusalReason.BeyondLimits => "media_beyond_limits",
        MediaRefusalReason.TooSlow => "media_too_slow",
        _ => "media_not_checked",
    };
}
