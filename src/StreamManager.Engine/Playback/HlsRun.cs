using StreamManager.Media.Mp4;

namespace StreamManager.Engine.Playback;

/// <summary>The samples of one track that wait for the end of their segment: only the next one tells how long one lasts.</summary>
internal sealed class HlsRun(Mp4Track track)
{
    // A 30th of a second, for a track that ends with its first picture.
    private const uint UsualPicture = Mp4Track.VideoTimescale / 30;

    private readonly List<(ReadOnlyMemory<byte> Data, long Time, int Composition, bool IsSync)> _waiting = [];
    private long _last = long.MinValue;
    private long _next = long.MinValue;
    private uint _step = UsualPicture;

    /// <summary>Samples that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Adds a picture. Time goes forward by one unit at least.</summary>
    public void AddPicture(ReadOnlyMemory<byte> data, long time, int composition, bool isKeyframe)
    {
        if (_last != long.MinValue)
        {
            time = Math.Max(time, _last + 1);
            _step = (uint)Math.Min(time - _last, uint.MaxValue);
        }
        _waiting.Add((data, time, composition, isKeyframe));
        _last = time;
    }

    /// <summary>
    /// Adds a frame of sound of so many samples. Sources count milliseconds, which is not even enough for sound: a frame that comes at most half a frame beside where the one before it ends is put there.
    /// </summary>
    public void AddSound(ReadOnlyMemory<byte> data, long time, int samples)
    {
        if (_next != long.MinValue && time < _next + samples / 2)
            time = _next;
        _waiting.Add((data, time, 0, true));
        _next = time + samples;
        _step = (uint)samples;
    }

    /// <summary>
    /// Takes all that waits; null: nothing does. The last sample lasts until <paramref name="end"/>, or, where that is not known, as long as the one before it; sound always as long as it is.
    /// </summary>
    public Mp4Run? Take(long? end)
    {
        if (_waiting.Count == 0)
            return null;
        var samples = new Mp4Sample[_waiting.Count];
        for (var i = 0; i < samples.Length; i++)
        {
            var (data, time, composition, isSync) = _waiting[i];
            var next = i + 1 < samples.Length ? _waiting[i + 1].Time : track is Mp4VideoTrack && end > time ? end.Value : time + _step;
            samples[i] = new Mp4Sample(data, (uint)Math.Min(next - time, uint.MaxValue), composition, isSync);
        }
        var run = new Mp4Run(track, (ulong)_waiting[0].Time, samples);
        _waiting.Clear();
        return run;
    }
}
