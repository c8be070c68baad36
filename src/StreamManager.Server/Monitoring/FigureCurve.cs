namespace StreamManager.Server.Monitoring;

/// <summary>What is measured of a program, a source or a destination in a second.</summary>
/// <param name="BitrateKbps">Bits per second, in thousands.</param>
/// <param name="Fps">Frames per second.</param>
/// <param name="QueueMs">Media that waits to be sent, in milliseconds; 0 for what has no queue.</param>
internal readonly record struct Figures(int BitrateKbps, float Fps, int QueueMs);

/// <summary>The figures of the last minutes, one each second. A second in which nobody measured is a hole. Not thread-safe.</summary>
internal sealed class FigureCurve
{
    /// <summary>Seconds that are kept: what somebody who comes to a show that has a problem wants to see; 10 KB a curve.</summary>
    public const int Kept = 600;

    private readonly Figures?[] _figures = new Figures?[Kept];
    private long _last = -1;

    /// <summary>Adds what was measured in a second (since 1970). A second that is not after the last one is left out: clocks are set back.</summary>
    public void Add(long second, in Figures figures)
    {
        if (second <= _last)
        {
            if (_last - second < Kept)
                return;
            Array.Clear(_figures);
        }

        for (var hole = Math.Max(_last + 1, second - Kept + 1); hole < second; hole++)
            _figures[hole % Kept] = null;
        _last = second;
        _figures[second % Kept] = figures;
    }

    /// <summary>What was measured in a second; null: nothing, or it is not kept any more.</summary>
    public Figures? this[long second] => second > _last - Kept && second <= _last ? _figures[second % Kept] : null;
}
