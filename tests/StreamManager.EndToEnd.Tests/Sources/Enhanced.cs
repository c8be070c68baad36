using StreamManager.TestKit.Rtmp;

namespace StreamManager.EndToEnd.Tests.Sources;

/// <summary>Wraps legacy H.264 and AAC messages as enhanced RTMP, by hand: ffmpeg 5.1 cannot.</summary>
internal static class Enhanced
{
    private const int LegacyVideoHeader = 5;
    private const int LegacyAudioHeader = 2;

    /// <summary>ExVideo with FourCC avc1, ExAudio with FourCC mp4a; other messages stay.</summary>
    public static TimedMessage ByFourCc(TimedMessage message)
    {
        var body = message.Message.Body.Span;
        if (message.IsVideo)
        {
            // The packet types of both forms are the same here: 0 configuration, 1 frame with composition time, 2 end.
            byte[] head = [(byte)(0x80 | (body[0] & 0x70) | body[1]), .. "avc1"u8];
            return message.WithBody((byte[])[.. head, .. body[1] == 1 ? body[2..] : body[LegacyVideoHeader..]]);
        }
        return message.IsAudio ? message.WithBody((byte[])[(byte)(0x90 | body[1]), .. "mp4a"u8, .. body[LegacyAudioHeader..]]) : message;
    }

    /// <summary>An AAC message as OBS sends its second track: multitrack, one track, number 1.</summary>
    public static TimedMessage AsSecondTrack(TimedMessage audio)
    {
        var body = audio.Message.Body.Span;
        return audio.WithBody((byte[])[0x95, body[1], .. "mp4a"u8, 1, .. body[LegacyAudioHeader..]]);
    }
}
