using StreamManager.Engine.Sources;

namespace StreamManager.Engine.Programs;

/// <summary>Why the program turned to something else.</summary>
internal enum SwitchReason
{
    /// <summary>The program went on air.</summary>
    Start = 1,

    /// <summary>The source's connection broke.</summary>
    Crash = 2,

    /// <summary>The source stayed connected and fell silent.</summary>
    Stall = 3,

    /// <summary>The encoder ended its publish in order.</summary>
    CleanEnd = 4,

    /// <summary>A source has been good for long enough.</summary>
    Return = 5,

    /// <summary>An operator said so.</summary>
    Operator = 6,

    /// <summary>The source changed its format.</summary>
    FormatChange = 7,
}

/// <summary>Why a broadcast ended.</summary>
internal enum BroadcastEnd
{
    /// <summary>An operator said so.</summary>
    Operator = 1,

    /// <summary>The time limit on fallback.</summary>
    FallbackLimit = 2,

    /// <summary>The policy for a lost source is to end.</summary>
    SourceLost = 3,

    /// <summary>The channel is being taken down.</summary>
    Shutdown = 4,
}

/// <summary>Something that the program's machine decided and its loop has to carry out or tell.</summary>
internal abstract record ProgramEvent
{
    private ProgramEvent()
    {
    }

    /// <summary>The program is about to go on air in this format: prepare its fallback.</summary>
    internal sealed record FallbackWanted(ProgramFormat Format) : ProgramEvent;

    /// <summary>On air; the header is set.</summary>
    internal sealed record WentOnAir(StreamHeader Header) : ProgramEvent;

    /// <summary>Another feed; null stands for the fallback.</summary>
    internal sealed record Switched(string? From, string? To, SwitchReason Reason) : ProgramEvent;

    /// <summary>The broadcast is over.</summary>
    internal sealed record Ended(BroadcastEnd Reason) : ProgramEvent;

    /// <summary>This source must be transcoded from now on, or (false) needs no transcoder any more.</summary>
    internal sealed record TranscoderWanted(SourceSlot Slot, bool Wanted) : ProgramEvent;

    /// <summary>The program's format changes: outputs start anew with this header.</summary>
    internal sealed record FormatChanged(StreamHeader Header) : ProgramEvent;
}
