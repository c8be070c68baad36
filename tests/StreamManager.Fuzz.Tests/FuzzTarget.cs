namespace StreamManager.Fuzz.Tests;

/// <summary>
/// A parser under fuzzing. <see cref="Run"/> gives the input to the parser and checks its laws (what was read can be written and read again equal,
/// and the like; a broken law is a
/// <see cref="FuzzLawException"/>). It may let <c>MediaFormatException</c> and <c>RtmpProtocolException</c> escape: they are how a parser says no.
/// Anything else that escapes is a find. It returns what became of the input in a few words: inputs with a new outcome are kept and mutated
/// further, which is what there is of guidance without coverage.
/// <para>To add a target: a function like the others in <c>Targets/</c>, a line in <see cref="Targets.AllTargets"/>, and seeds in
/// <c>Corpus/name/*.bin</c>.</para>
/// </summary>
/// <param name="Name">Also the name of the corpus directory.</param>
/// <param name="Run">The parser and its laws.</param>
internal sealed record FuzzTarget(string Name, Func<byte[], string> Run)
{
    /// <summary>Bytes that a run may allocate whatever its input's size, the laws' own re-reading included.</summary>
    public long AllocationBase { get; init; } = 1024 * 1024;

    /// <summary>
    /// Bytes that a run may allocate for each byte of input. An AMF value of one byte is an object of 24 and its place in a list, several times
    /// over.
    /// </summary>
    public long AllocationPerByte { get; init; } = 512;

    /// <inheritdoc />
    public override string ToString() => Name;
}

/// <summary>A law of a target is broken.</summary>
internal sealed class FuzzLawException(string message) : Exception(message);

/// <summary>Words for laws.</summary>
internal static class Law
{
    /// <summary>Throws unless it holds.</summary>
    public static void Holds(bool condition, string law)
    {
        if (!condition)
            throw new FuzzLawException(law);
    }
}
