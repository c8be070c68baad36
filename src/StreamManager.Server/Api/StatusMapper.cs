using StreamManager.Engine.Channels;
using StreamManager.Media.Packets;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>Turns the engine's snapshots into what the API says.</summary>
internal static class StatusMapper
{
    /// <summary>The status of a channel. <paramref name="ingestUrl"/> is the address for an encoder.</summary>
    public static StatusDocument Status(ChannelSnapshot channel, string ingestUrl, StreamKeyRing keys)
    {
        var sources = channel.Sources.Select(source => Source(source, channel.Selected)).ToArray();
        var key = channel.Sources is [var first, ..] ? keys.KeyOf(channel.Id, first.Id) : null;
        return new StatusDocument(
            channel.Id,
            Word(channel.State),
            Utc(channel.StartedAt),
            (long)channel.Uptime.TotalSeconds,
            new IngestDocument(ingestUrl, Secret.Hint(key?.Value ?? "")),
            Shown(channel, sources),
            Program(channel),
            [.. channel.Outputs.Select(Destination)],
            channel.Viewers,
            sources);
    }

    /// <summary>One destination's running side.</summary>
    public static DestinationStatusDocument Destination(OutputSnapshot output) => new(
        output.Destination.Id,
        output.Destination.Name,
        output.Destination.Platform,
        DestinationRules.Shown(output.Destination.Url, output.Destination.StreamKey),
        output.Destination.PlaybackUrl,
        output.Destination.Enabled,
        Word(output.State),
        Word(output.Verdict),
        output.Connects,
        output.Attempts,
        Utc(output.NextRetryAt),
        output.LastError,
        (long)output.Uptime.TotalSeconds,
        output.BitrateKbps,
        Round(output.FramesPerSecond),
        output.FramesSent,
        output.FramesDropped,
        output.BytesSent,
        (long)output.Queue.TotalMilliseconds,
        output.UnacknowledgedBytes,
        Round(output.RoundTrip.TotalMilliseconds));

    /// <summary>RFC 3339 in UTC, whole milliseconds.</summary>
    public static DateTime? Utc(DateTimeOffset? time) => time is { } value ? new DateTime(value.UtcTicks - (value.UtcTicks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc) : null;

    /// <summary>The word of a state: its name in lower case.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    /// <summary>The source on the program; else the one that was selected; else the best one that is connected; else the first.</summary>
    private static SourceDocument Shown(ChannelSnapshot channel, SourceDocument[] sources) =>
        Array.Find(sources, source => source.Id == channel.ActiveSource)
        ?? Array.Find(sources, source => source.Id == channel.Selected)
        ?? Array.Find(sources, source => source.State != "absent")
        ?? sources[0];

    private static SourceDocument Source(SourceSnapshot source, string selected) => new(
        source.Id,
        Word(source.State),
        selected,
        source.Encoder,
        source.RemoteAddress,
        source.ConnectionId,
        Utc(source.ConnectedAt),
        source.Video is { } video
            ? new VideoDocument(Codec(video.Codec), video.Width, video.Height, Round(source.FramesPerSecond), source.VideoBitrateKbps, Round(source.KeyframeIntervalSeconds))
            : null,
        source.Audio is { } audio ? new AudioDocument(Codec(audio.Codec), audio.SampleRate, audio.Channels, source.AudioBitrateKbps) : null,
        source.IsTranscoded,
        source.Warnings);

    /// <summary>The program.</summary>
    public static ProgramDocument Program(ChannelSnapshot channel) => new(
        "passthrough",
        channel.ActiveSource,
        (long)channel.Program.Time.TotalMilliseconds,
        channel.Program.BitrateKbps,
        Round(channel.Program.FramesPerSecond),
        channel.Program.Switches,
        Round(channel.Program.OnFallback.TotalSeconds),
        Round(channel.Program.LargestVideoGapMs),
        Round(channel.Program.LargestAudioGapMs),
        channel.FallbackNote);

    /// <summary>The name that people use for a codec.</summary>
    private static string Codec(FourCc codec) => codec.ToString() switch
    {
        "avc1" => "h264",
        "hvc1" => "hevc",
        "av01" => "av1",
        "vp09" => "vp9",
        "mp4a" => "aac",
        "Opus" => "opus",
        "fLaC" => "flac",
        ".mp3" => "mp3",
        var other => other.Trim().ToLowerInvariant(),
    };

    private static double Round(double value) => double.IsFinite(value) ? Math.Round(value, 2) : 0;
}
