using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Sources;

/// <summary>
/// Words about a source that breaks a rule that destinations have. The numbers are the narrowest of the large platforms': a source that keeps them is taken everywhere.
/// </summary>
internal static class SourceAdvice
{
    /// <summary>Twitch and YouTube ask for 2 s; YouTube and Facebook accept up to 4 s.</summary>
    private const double KeyframeIntervalAsked = 2;

    private const double KeyframeIntervalLimit = 4;

    /// <summary>Twitch's limit for ordinary channels, with a tenth for what a rate control overshoots.</summary>
    private const int VideoKbpsLimit = 6600;

    /// <summary>X takes 128, Twitch up to 320.</summary>
    private const int AudioKbpsLimit = 340;

    /// <summary>Advice for what is measured, after what is wrong with its transcoder (null: nothing); empty: nothing to say.</summary>
    public static ImmutableArray<string> Of(SourceSnapshot source, string? transcoderProblem)
    {
        var advice = ImmutableArray.CreateBuilder<string>();
        if (transcoderProblem is not null)
            advice.Add(transcoderProblem);
        if (source.Video is { } video)
        {
            if (video.Codec != FourCc.Avc)
                advice.Add($"The video codec is {video.Codec}; most destinations take only H.264. Choose x264 or a hardware H.264 encoder.");
            if (video.Codec == FourCc.Avc && video.ChromaFormat is not (null or 1) || video.BitDepth > 8)
                advice.Add("The colour format is not 8-bit 4:2:0 (NV12 in OBS); many destinations refuse it, and the fallback cannot be matched to it.");
            if (!video.IsProgressive)
                advice.Add("The video is interlaced; destinations expect progressive video.");
            if ((long)video.Width * video.Height > 1920 * 1080)
                advice.Add($"{video.Width}x{video.Height} is larger than 1920x1080; Twitch, Kick and Facebook do not take it.");
            if (video.Width % 2 != 0 || video.Height % 2 != 0)
                advice.Add("Width or height is odd; some destinations refuse that.");
        }
        else if (source.Audio is not null)
        {
            advice.Add("There is no video. A program needs pictures, so this source is not shown; see whether the encoder sends only sound.");
        }
        if (source.FramesPerSecond > 61)
            advice.Add($"{source.FramesPerSecond:0} frames a second are more than the 60 that destinations take.");
        if (source.KeyframeIntervalSeconds > KeyframeIntervalLimit)
            advice.Add($"A keyframe comes every {source.KeyframeIntervalSeconds:0.#} s; destinations ask for {KeyframeIntervalAsked:0} s and refuse more than {KeyframeIntervalLimit:0} s. Set the keyframe interval to 2 s.");
        else if (source.KeyframeIntervalSeconds > KeyframeIntervalAsked + 0.5)
            advice.Add($"A keyframe comes every {source.KeyframeIntervalSeconds:0.#} s; destinations ask for {KeyframeIntervalAsked:0} s. Set the keyframe interval to 2 s.");
        if (source.VideoBitrateKbps > VideoKbpsLimit)
            advice.Add($"{source.VideoBitrateKbps} kbit/s of video are more than the 6000 that Twitch takes.");
        if (source.Audio is { } audio)
        {
            if (audio.Codec != FourCc.Aac)
                advice.Add($"The audio codec is {audio.Codec}; most destinations take only AAC.");
            else if (audio.SampleRate is not (44100 or 48000))
                advice.Add($"The sound has {audio.SampleRate} Hz; destinations ask for 44100 or 48000.");
            if (audio.Channels > 2)
                advice.Add("The sound has more than two channels; most destinations take stereo.");
        }
        else if (source.Video is not null)
        {
            advice.Add("There is no sound; silence is added.");
        }
        if (source.AudioBitrateKbps > AudioKbpsLimit)
            advice.Add($"{source.AudioBitrateKbps} kbit/s of audio are more than the 320 that Twitch takes.");
        if (source.IsTranscoded)
            advice.Add("The format is not the one that the broadcast began with, so the source is transcoded. To pass it through, end the broadcast and start it anew.");
        return advice.ToImmutable();
    }
}
