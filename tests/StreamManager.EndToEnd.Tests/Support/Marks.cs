using System.Globalization;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>
/// Notes during a broadcast what a viewer must see at which time of the program, and compares with a recording afterwards. A mark is set in the middle of a piece that has lasted for a while,
/// so that it does not matter on which frame a switch fell.
/// </summary>
internal sealed class Marks(ApiClient api)
{
    private const int PicturesPerSecond = 10;

    private static readonly TimeSpan HalfPiece = TimeSpan.FromMilliseconds(400);

    /// <summary>
    /// Nothing is switched before. ffmpeg guesses the frame rate from the first second and a half of a file; a switch, which is exact to a millisecond and no more, may make it guess 29.97
    /// instead of 30, and later on it complains of two pictures in one frame of its own.
    /// </summary>
    private static readonly TimeSpan FirstPiece = TimeSpan.FromSeconds(2);

    private readonly List<Mark> _marks = [];

    /// <summary>Program time of the newest mark's end.</summary>
    public TimeSpan Latest { get; private set; }

    /// <summary>Waits for a state, lets it last for a moment, and notes the picture that belongs to it; null: neither red, green nor blue, as the slate is.</summary>
    /// <param name="state">The channel's state.</param>
    /// <param name="picture">What is seen.</param>
    /// <param name="source">The source on the program, where it matters which.</param>
    /// <returns>Program time of the mark.</returns>
    public async Task<TimeSpan> AddAsync(string state, TestPicture? picture, string? source = null)
    {
        var begun = await api.WaitAsync(status => status.State == state && (source is null || status.Program.ActiveSource == source), $"not {state} {source}");
        var first = TimeSpan.FromMilliseconds(begun.Program.TimeMs);
        var until = first + 2 * HalfPiece < FirstPiece ? FirstPiece : first + 2 * HalfPiece;
        var last = await api.WaitAsync(status => status.Program.TimeMs >= until.TotalMilliseconds, "the program stands still");
        Assert.Equal(state, last.State);
        _marks.Add(new Mark(first + HalfPiece, picture));
        Latest = TimeSpan.FromMilliseconds(last.Program.TimeMs);
        return first + HalfPiece;
    }

    /// <summary>Asserts that a recording shows what was noted.</summary>
    /// <param name="file">The recording.</param>
    /// <param name="begin">Program time of its first frame.</param>
    public async Task AssertAsync(string file, TimeSpan begin)
    {
        var colours = await FfmpegJudge.ColoursAsync(file, PicturesPerSecond);
        var seen = _marks.Select(mark => (int)((mark.Time - begin).TotalSeconds * PicturesPerSecond) is var index && index >= 0 && index < colours.Count
            ? $"{Seconds(mark.Time)}: {Name(colours[index].Picture)}"
            : $"{Seconds(mark.Time)}: nothing, the recording has {colours.Count} pictures");
        Assert.Equal(_marks.Select(mark => $"{Seconds(mark.Time)}: {Name(mark.Picture)}"), seen);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Name(TestPicture? picture) => picture?.ToString() ?? "another picture";

    private sealed record Mark(TimeSpan Time, TestPicture? Picture);
}
