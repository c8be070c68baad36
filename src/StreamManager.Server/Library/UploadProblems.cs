using StreamManager.Server.Api;

namespace StreamManager.Server.Library;

/// <summary>What may be wrong about an upload, as answers.</summary>
internal static class UploadProblems
{
    /// <summary>When a place may be free again: uploads take seconds to hours.</summary>
    public const string RetryAfterSeconds = "10";

    /// <summary>All places are taken.</summary>
    public static Problem TooManyAtOnce { get; } = new(
        StatusCodes.Status429TooManyRequests, "too_many_uploads", "Other uploads are under way.", $"At most {MediaLimits.MostUploads} go on at a time; send it again when one has ended.");

    /// <summary>Too many were begun.</summary>
    public static Problem TooManyUnfinished { get; } = new(
        StatusCodes.Status429TooManyRequests, "too_many_uploads", "Too many uploads are not finished.",
        $"There may be {MediaLimits.MostUnfinished}. Finish or delete one; those that stand still go after {MediaLimits.UploadLifetime.TotalHours:0} hours.");

    /// <summary>There is no upload with this id.</summary>
    public static Problem NoUpload { get; } = new(
        StatusCodes.Status404NotFound, "upload_not_found", "There is no such upload.",
        $"It was given up, or stood still for {MediaLimits.UploadLifetime.TotalHours:0} hours. Begin a new one.");

    /// <summary>Another request goes on with it.</summary>
    public static Problem TakenOver { get; } = new(
        StatusCodes.Status409Conflict, "upload_taken_over", "Another request goes on with this upload.", "What came before it is kept.");

    /// <summary>The part belongs elsewhere.</summary>
    public static Problem WrongOffset(long offset) => new(
        StatusCodes.Status409Conflict, "wrong_offset", "The part does not begin where the upload ends.", $"The server has {offset} bytes; ask for Upload-Offset and go on there.");

    /// <summary>More bytes came than were announced.</summary>
    public static Problem BeyondLength(long length) => new(
        StatusCodes.Status413PayloadTooLarge, "upload_too_large", "The part goes beyond the end of the file.", $"{length} bytes were announced (Upload-Length). Nothing beyond them is taken.");

    /// <summary>A header is missing or wrong.</summary>
    public static Problem WrongHeader(string name, string message) =>
        new(StatusCodes.Status400BadRequest, "invalid_header", "The request has a wrong header.", Errors: [new FieldError(name, message)]);

    /// <summary>A file that is not taken.</summary>
    public static Problem Of(MediaRefusal refusal) => refusal.Reason is MediaRefusalReason.NotChecked
        ? new Problem(StatusCodes.Status503ServiceUnavailable, refusal.Code, "Files cannot be checked now, so none is taken.", refusal.Words)
        : new Problem(StatusCodes.Status422UnprocessableEntity, refusal.Code, "The file is not taken.", refusal.Words);

    /// <summary>There is no room for a file.</summary>
    public static Problem Of(MediaShortage shortage, MediaRoom room) => shortage switch
    {
        MediaShortage.TooLarge => new Problem(
            StatusCodes.Status413PayloadTooLarge, "upload_too_large", "The file is too large.", $"At most {room.UploadLimit} bytes are taken (upload_limit)."),
        MediaShortage.LibraryFull => new Problem(
            StatusCodes.Status507InsufficientStorage, "media_library_full", "The media library is full.",
            $"There is room for {Math.Max(0, room.LibraryLeft)} bytes more (media_library_limit, and {MediaLimits.MostFiles} files). Delete what is not needed."),
        _ => new Problem(StatusCodes.Status507InsufficientStorage, "disk_full", "The disk is full.", "The disk of DATA_DIR has no room for this file beside the server's own state."),
    };
}
