namespace StreamManager.Media.Amf;

/// <summary>What one AMF message may cost.</summary>
public sealed record AmfLimits
{
    /// <summary>The limits used where nobody says otherwise.</summary>
    public static AmfLimits Default { get; } = new();

    /// <summary>
    /// Objects and arrays inside each other. The deepest message of an encoder known to us has 4 (OBS's onExpectAdditionalMedia); 32 keeps
    /// recursion far from any stack's end.
    /// </summary>
    public int MaxDepth { get; init; } = 32;

    /// <summary>
    /// Values in one message, those inside of others counted. Metadata has some 30; the key frame index of a re-streamed FLV file has a few
    /// thousand. At about 100 bytes each in memory this is 3 MB at the worst, and only until the message is handled.
    /// </summary>
    public int MaxValues { get; init; } = 32_768;

    /// <summary>
    /// Characters in a property or class name. Each takes up to three bytes, and the wire's 16-bit length must still hold the name when it is
    /// written again.
    /// </summary>
    public int MaxNameLength { get; init; } = 16_384;
}
