using System.IO.Pipelines;

namespace StreamManager.TestKit.Rtmp;

/// <summary>Two ends of a connection in memory.</summary>
public sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
{
    /// <inheritdoc/>
    public PipeReader Input { get; } = input;

    /// <inheritdoc/>
    public PipeWriter Output { get; } = output;

    /// <summary>A connected pair. A writer waits when its peer left 64 KiB unread, as with a socket.</summary>
    public static (IDuplexPipe A, IDuplexPipe B) CreatePair()
    {
        // Continuations on the pool: with inline ones a session would run on the test's thread, inside its write.
        var options = new PipeOptions(readerScheduler: PipeScheduler.ThreadPool, writerScheduler: PipeScheduler.ThreadPool, useSynchronizationContext: false);
        var ab = new Pipe(options);
        var ba = new Pipe(options);
        return (new DuplexPipe(ba.Reader, ab.Writer), new DuplexPipe(ab.Reader, ba.Writer));
    }
}
