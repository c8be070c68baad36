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
        new("audio-specific-config", AacTarget.Run),
    ];

    public static FuzzTarget Get(string name) => List.Single(t => t.Name == name);
}
