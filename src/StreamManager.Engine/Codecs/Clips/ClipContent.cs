namespace StreamManager.Engine.Codecs.Clips;

/// <summary>What a clip shows.</summary>
public abstract record ClipContent
{
    private ClipContent()
    {
    }

    /// <summary>The built-in "We'll be right back".</summary>
    public sealed record Slate : ClipContent;

    /// <summary>A picture file: PNG, JPEG, WebP, GIF (its first frame) or BMP, known by its bytes and not by its name.</summary>
    /// <param name="Path">Where it is.</param>
    public sealed record Picture(string Path) : ClipContent;

    /// <summary>A video file, played over and over, with its sound.</summary>
    /// <param name="Path">Where it is.</param>
    /// <param name="BitrateKbps">Bit rate of the clip's video in kbit/s; null = <see cref="ClipFactoryOptions.VideoBitrateKbps"/>.</param>
    public sealed record Video(string Path, int? BitrateKbps = null) : ClipContent;
}
