namespace StreamManager.Server.Api;

/// <summary>A file of the media library.</summary>
/// <param name="Filename">Its name in the API, made by the server.</param>
/// <param name="Title">The user's name for it.</param>
/// <param name="Type">image or video.</param>
/// <param name="ContentType">Media type that it is served as.</param>
/// <param name="Codec">Codec of its picture.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="DurationSeconds">How long a video plays; null: a picture.</param>
/// <param name="HasAudio">There is sound.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of the whole file.</param>
/// <param name="CreatedAt">When it was uploaded.</param>
/// <param name="Missing">The file itself is gone.</param>
/// <param name="UsedBy">Channels that have it as fallback.</param>
/// <param name="Url">Where the file is.</param>
/// <param name="ThumbnailUrl">Where a small picture of it is.</param>
internal sealed record MediaDocument(
    string Filename,
    string Title,
    string Type,
    string ContentType,
    string Codec,
    int Width,
    int Height,
    double? DurationSeconds,
    bool HasAudio,
    long Size,
    string Sha256,
    DateTime CreatedAt,
    bool Missing,
    IReadOnlyList<string> UsedBy,
    string Url,
    string ThumbnailUrl);

/// <summary>The fallback of a channel after a change.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Type">slate, image or video.</param>
/// <param name="Filename">File in the media library; null: the slate.</param>
internal sealed record FallbackDocument(string ChannelId, string Type, string? Filename);

/// <summary>An upload in parts.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Title">The user's name for the file.</param>
/// <param name="State">receiving, checking, done or refused.</param>
/// <param name="Size">Bytes of the whole file.</param>
/// <param name="ReceivedBytes">Bytes that came; those that count are in the header Upload-Offset.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="ExpiresAt">When it is forgotten if nothing more comes.</param>
/// <param name="Filename">The file of the library that it became; null: none.</param>
/// <param name="Code">Why it was refused, as the code of a problem; null: it was not.</param>
/// <param name="Detail">The same in words.</param>
internal sealed record UploadDocument(
    string Id, string Title, string State, long Size, long ReceivedBytes, DateTime CreatedAt, DateTime ExpiresAt, string? Filename, string? Code, string? Detail);
