namespace StreamManager.Server.Storage;

/// <summary>What the running server needs to find in its store, since what it writes is worth nothing without it. See <see cref="AnchoredStore"/>.</summary>
/// <param name="Name">For people: "the vault".</param>
/// <param name="HoldAsync">Looks whether it is there, and puts it back when nothing is. Called by several at a time; throws like <see cref="IStateStore"/>.</param>
internal sealed record StoreAnchor(string Name, Func<IStateStore, CancellationToken, ValueTask<AnchorFinding>> HoldAsync);

/// <summary>What was found where an anchor should be.</summary>
internal abstract record AnchorFinding
{
    private AnchorFinding()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Held : AnchorFinding;

    /// <summary>It was gone, and was put back by this call.</summary>
    public sealed record PutBack : AnchorFinding;

    /// <summary>Something else is in its place.</summary>
    /// <param name="Reason">What, and what to do, in words without secrets.</param>
    public sealed record Foreign(string Reason) : AnchorFinding;
}
