using StreamManager.Engine.Sources;

namespace StreamManager.Engine.Programs;

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

    /// <summary>The broadcast is over, and this is what it came to.</summary>
    internal sealed record Ended(BroadcastEnd Reason, ProgramFigures Figures) : ProgramEvent;

    /// <summary>This source must be transcoded from now on, or (false) needs no transcoder any more.</summary>
    internal sealed record TranscoderWanted(SourceSlot Slot, bool Wanted) : ProgramEvent;

    /// <summary>The program's format changes: outputs start anew with this header.</summary>
    internal sealed record FormatChanged(StreamHeader Header) : ProgramEvent;
}
