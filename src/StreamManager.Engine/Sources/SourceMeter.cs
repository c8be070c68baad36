using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Sources;

/// <summary>Measures a stream as it comes in: bitrate and frame rate over the last seconds, distance of keyframes. Owned by one loop.</summary>
internal sealed class SourceMeter
{
    /// <summary>Rates are taken over so long: steady enough to read, quick enough to see a change.</summary>
    private static readonly MediaTime Window = MediaTime.FromMilliseconds(2000);

    private MediaTime _windowStart = MediaTime.MinValue;
    private MediaTime _lastKeyframe = MediaTime.MinValue;
    private long _videoBytes;
    private long _audioBytes;
    private int _frames;

    /// <summary>Video bitrate, kbit/s.</summary>
    public int VideoBitrateKbps { get; private set; }

    /// <summary>Audio bitrate, kbit/s.</summary>
    public int AudioBitrateKbps { get; private set; }

    /// <summary>Video frames a second of wall time.</summary>
    public double FramesPerSecond { get; private set; }

    /// <summary>Distance of the last two keyframes in media time, seconds; 0: not known.</summary>
    public double KeyframeIntervalSeconds { get; private set; }

    /// <summary>Counts a frame.</summary>
    public void Observe(MediaPacket packet, MediaTime now)
    {
        if (_windowStart == MediaTime.MinValue)
            _windowStart = now;
        if (now - _windowStart >= Window)
            Roll(now);
        if (packet.Kind is MediaKind.Audio)
        {
            _audioBytes += packet.Body.Length;
            return;
        }
        _videoBytes += packet.Body.Length;
        _frames++;
        if (!packet.IsKeyframe)
            return;
        if (_lastKeyframe != MediaTime.MinValue)
            KeyframeIntervalSeconds = (packet.DecodeTime - _lastKeyframe).Seconds;
        _lastKeyframe = packet.DecodeTime;
    }

    private void Roll(MediaTime now)
    {
        var seconds = (now - _windowStart).Seconds;
        VideoBitrateKbps = (int)(_videoBytes * 8 / 1000 / seconds);
        AudioBitrateKbps = (int)(_audioBytes * 8 / 1000 / seconds);
        FramesPerSecond = Math.Round(_frames / seconds, 2);
        (_videoBytes, _audioBytes, _frames, _windowStart) = (0, 0, 0, now);
    }
}
