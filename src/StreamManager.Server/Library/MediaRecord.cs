using System.Text.Json.Serialization;

namespace StreamManager.Server.Library;

/// <summary>One file of the library, as it is stored. Immutable.</summary>
/// <param name="FileName">Our name for it, and its id.</param>
/// <param name="Title">The user's name for it; cleaned, 1 to 100 characters.</param>
/// <param name="Kind">Picture or video.</param>
/// <param name="Format">Name of its <see cref="MediaFormat"/>.</param>
/// <param name="Codec">ffmpeg's name of its picture's codec.</param>
/// <param name="Width">Pixels as shown.</param>
/// <param name="Height">Pixels as shown.</param>
/// <param name="DurationSeconds">How long a video plays; null: a picture.</param>
/// <param name="HasAudio">There is sound.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Of the whole file, hexadecimal, lower case.</param>
/// <param name="CreatedAt">When it was uploaded.</param>
internal sealed record MediaRecord(
    string FileName,
    string Title,
    MediaKind Kind,
    string Format,
    string Codec,
    int Width,
    int Height,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? DurationSeconds,
    bool HasAudio,
    long Size,
    string Sha256,
    DateTimeOffset CreatedAt)
{
    /// <summary>How the file is to be opened and served.</summary>
    [JsonIgnore]
    public MediaFormat FormatInfo => MediaFormat.All.First(format => format.Name == Format);
}
