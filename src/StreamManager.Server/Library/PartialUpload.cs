using StreamManager.Server.Api;

namespace StreamManager.Server.Library;

/// <summary>
/// One upload in parts while the server runs. Whoever has its turn may change it; others read. A client that comes back after its connection broke is often here before the server knows
/// that the old one is dead, so whoever wants the turn interrupts the one who writes.
/// </summary>
internal sealed class PartialUpload(UploadRecord record)
{
    private UploadRecord _record = record;
    private long _received = record.Offset;

    // Those who wait for the turn.
    private int _waiting;

    /// <summary>What is on the disk.</summary>
    public UploadRecord Record
    {
        get => Volatile.Read(ref _record);
        set => Volatile.Write(ref _record, value);
    }

    /// <summary>Bytes that came, also those that the disk does not have for certain yet.</summary>
    public long Received
    {
        get => Interlocked.Read(ref _received);
        set => Interlocked.Exchange(ref _received, value);
    }

    /// <summary>It was removed while somebody waited for the turn. Only within a turn.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Looks into the whole file; goes on when its request ends. Null: not begun. Set within a turn.</summary>
    public Task<Problem?>? Deciding { get; set; }

    /// <summary>Timestamp of the last event about it; 0: none. Only within a turn.</summary>
    public long LastTold { get; set; }

    // These two need no disposal: they have no timer, and nobody asks for their wait handles.
    private SemaphoreSlim Gate { get; } = new(1, 1);

    // Replaced by whoever gets the turn.
    private CancellationTokenSource Interruption
    {
        get => Volatile.Read(ref field);
        set => Interlocked.Exchange(ref field, value);
    } = new();

    /// <summary>Interrupts who writes now, and waits for the turn. Whoever gets it while others wait is interrupted at once: the newest connection is the one that lives.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<Turn> TakeTurnAsync(CancellationToken cancellationToken)
    {
        // First counted, then interrupted: who gets the turn in between is interrupted by the one or by the other.
        Interlocked.Increment(ref _waiting);
        try
        {
            await Interruption.CancelAsync();
            await Gate.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        return new Turn(this);
    }

    /// <summary>Takes the turn if nobody has it; null: somebody has.</summary>
    public Turn? TryTakeTurn() => Gate.Wait(TimeSpan.Zero) ? new Turn(this) : null;

    /// <summary>The right to change the upload, until it is disposed.</summary>
    public sealed class Turn : IDisposable
    {
        private PartialUpload? _upload;

        internal Turn(PartialUpload upload)
        {
            _upload = upload;
            var interruption = new CancellationTokenSource();
            upload.Interruption = interruption;
            if (Volatile.Read(ref upload._waiting) > 0)
                interruption.Cancel();
            Interrupted = interruption.Token;
        }

        /// <summary>Somebody else wants the turn.</summary>
        public CancellationToken Interrupted { get; }

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Exchange(ref _upload, null)?.Gate.Release();
    }
}
