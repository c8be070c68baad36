namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>
/// The collection of every test here: real media runs in real time, and several servers, encoders and decoders at once on two cores would be judged by their lack of CPU.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MediaCollection
{
    /// <summary>For the <c>[Collection]</c> attribute.</summary>
    public const string Name = "real media";
}
