namespace StreamManager.Fuzz.Tests.Targets;

/// <summary>Every parser that reads bytes from outside.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("amf0", AmfTarget.Run),
        // 64 chunk streams that begin a message hold 64 KiB each, and they are read three times.
        new("chunks", ChunkTarget.Run) { AllocationBase = 32 * 1024 * 1024 },
        new("handshake", HandshakeTarget.Run),
        new("messages", MessageTarget.Run),
        new("aggregate", AggregateTarget.Run),
        new("flv", FlvTarget.Run),
        new("video-tag", TagTargets.RunVideo),
        new("audio-tag", TagTargets.RunAudio),
        new("avc-configuration", AvcTargets.RunConfiguration),
        new("avc-parameter-sets", AvcTargets.RunParameterSets),
        new("nal-units", AvcTargets.RunNalUnits),
        new("avc-still-frames", StillFramesTarget.Run),
        new("hevc-configuration", ConfigurationTargets.RunHevc),
        new("hevc-parameter-set", ConfigurationTargets.RunHevcParameterSet),
        new("av1-configuration", ConfigurationTargets.RunAv1),
        new("vp9-configuration", ConfigurationTargets.RunVp9),
        new("audio-specific-config", AacTarget.Run),
        new("opus-head", ConfigurationTargets.RunOpusHead),
        new("opus-packet", ConfigurationTargets.RunOpusPacket),
        new("flac-stream-info", ConfigurationTargets.RunFlac),
    ];

    public static FuzzTarget Get(string name) => List.Single(t => t.Name == name);
}
