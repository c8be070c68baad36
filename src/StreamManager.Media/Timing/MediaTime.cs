namespace StreamManager.Media.Timing;

/// <summary>
/// A point on, or a distance along, a media timeline. 64 bits of nanoseconds: 292 years each way, so a channel may run for years.
/// Never a wall-clock time: for that there is <see cref="TimeProvider"/>.
/// </summary>
public readonly record struct MediaTime(long Nanoseconds) : IComparable<MediaTime>
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>The origin of a timeline.</summary>
    public static MediaTime Zero => default;

    /// <summary>Before every other time.</summary>
    public static MediaTime MinValue => new(long.MinValue);

    /// <summary>The time in whole milliseconds, rounded towards minus infinity: the unit of RTMP and FLV.</summary>
    public long Milliseconds => Math.DivRem(Nanoseconds, NanosecondsPerMillisecond) is var (quotient, remainder) && remainder < 0 ? quotient - 1 : quotient;

    /// <summary>The time in seconds.</summary>
    public double Seconds => Nanoseconds / (double)NanosecondsPerSecond;

    /// <summary>From whole milliseconds.</summary>
    public static MediaTime FromMilliseconds(long milliseconds) => new(milliseconds * NanosecondsPerMillisecond);

    /// <summary>From seconds.</summary>
    public static MediaTime FromSeconds(double seconds) => new((long)Math.Round(seconds * NanosecondsPerSecond));

    /// <summary>
    /// The time of unit number <paramref name="count"/> at <paramref name="rateNumerator"/>/<paramref name="rateDenominator"/> units a second
    /// (audio samples, video frames). Exact to a nanosecond for any count: no error adds up.
    /// </summary>
    public static MediaTime FromUnits(long count, long rateNumerator, long rateDenominator = 1) =>
        new((long)((Int128)count * rateDenominator * NanosecondsPerSecond / rateNumerator));

    /// <summary>From a .NET time span.</summary>
    public static MediaTime FromTimeSpan(TimeSpan span) => new(span.Ticks * 100);

    /// <summary>As a .NET time span, to its 100 ns.</summary>
    public TimeSpan ToTimeSpan() => new(Nanoseconds / 100);

    /// <inheritdoc/>
    public int CompareTo(MediaTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>The later of two.</summary>
    public static MediaTime Max(MediaTime left, MediaTime right) => left >= right ? left : right;

    /// <summary>The earlier of two.</summary>
    public static MediaTime Min(MediaTime left, MediaTime right) => left <= right ? left : right;

    /// <summary>Sum.</summary>
    public static MediaTime operator +(MediaTime left, MediaTime right) => new(left.Nanoseconds + right.Nanoseconds);

    /// <summary>Difference.</summary>
    public static MediaTime operator -(MediaTime left, MediaTime right) => new(left.Nanoseconds - right.Nanoseconds);

    /// <summary>Multiple.</summary>
    public static MediaTime operator *(MediaTime time, long factor) => new(time.Nanoseconds * factor);

    /// <summary>Fraction.</summary>
    public static MediaTime operator /(MediaTime time, long divisor) => new(time.Nanoseconds / divisor);

    /// <summary>Earlier.</summary>
    public static bool operator <(MediaTime left, MediaTime right) => left.Nanoseconds < right.Nanoseconds;

    /// <summary>Later.</summary>
    public static bool operator >(MediaTime left, MediaTime right) => left.Nanoseconds > right.Nanoseconds;

    /// <summary>Not later.</summary>
    public static bool operator <=(MediaTime left, MediaTime right) => left.Nanoseconds <= right.Nanoseconds;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(MediaTime left, MediaTime right) => left.Nanoseconds >= right.Nanoseconds;

    /// <inheritdoc/>
    public override string ToString() => string.Create(null, $"{Nanoseconds / 1e6:0.###} ms");
}
