using System.Numerics;
using StreamManager.Media.Timing;

namespace StreamManager.Media.Formats;

/// <summary>Frames a second as a fraction in lowest terms: 30000/1001 stays what it is.</summary>
public readonly record struct FrameRate
{
    private FrameRate(uint numerator, uint denominator)
    {
        Numerator = numerator;
        Denominator = denominator;
    }

    /// <summary>Frames …</summary>
    public uint Numerator { get; }

    /// <summary>… in so many seconds.</summary>
    public uint Denominator { get; }

    /// <summary>Frames a second, rounded to what a double can say; 0 for the default value.</summary>
    public double PerSecond => Denominator == 0 ? 0 : (double)Numerator / Denominator;

    /// <summary>The decode time of frame number <paramref name="index"/>, exact to a nanosecond.</summary>
    public MediaTime TimeOf(long index) => MediaTime.FromUnits(index, Numerator, Denominator);

    /// <summary>Reduces a fraction; null where it is no rate (a zero) or does not fit.</summary>
    public static FrameRate? Create(ulong numerator, ulong denominator)
    {
        if (numerator == 0 || denominator == 0)
            return null;
        var divisor = (ulong)BigInteger.GreatestCommonDivisor(numerator, denominator);
        numerator /= divisor;
        denominator /= divisor;
        return numerator <= uint.MaxValue && denominator <= uint.MaxValue ? new FrameRate((uint)numerator, (uint)denominator) : null;
    }

    /// <summary>As ffmpeg's options take it: "30000/1001", or "30".</summary>
    public override string ToString() => Denominator == 1 ? $"{Numerator}" : $"{Numerator}/{Denominator}";
}
