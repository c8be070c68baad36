using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>What the switcher knows of one source.</summary>
/// <param name="Id">The source's id.</param>
/// <param name="IsGood">Connected, its media comes in, and its format can be shown.</param>
/// <param name="GoodSince">Since when, on the monotonic clock.</param>
internal readonly record struct SourceHealth(string Id, bool IsGood, MediaTime GoodSince);

/// <summary>All that decides which source feeds the program.</summary>
/// <param name="Selection">The operator's wish.</param>
/// <param name="ActiveSource">The source on the program; null: the fallback.</param>
/// <param name="Sources">The sources in falling priority.</param>
/// <param name="ReturnAfter">How long a source must have been good before the program turns to it by itself.</param>
internal readonly record struct SwitcherInput(SourceSelection Selection, string? ActiveSource, ImmutableArray<SourceHealth> Sources, MediaTime ReturnAfter);

/// <summary>Decides which source should feed the program. A pure function: the same input and time give the same answer.</summary>
internal static class Switcher
{
    /// <summary>
    /// The source that should feed the program at <paramref name="now"/>; null: the fallback. The caller leaves a source that is not good at once, and turns to
    /// another one at that source's next keyframe.
    /// </summary>
    public static string? Desired(in SwitcherInput input, MediaTime now)
    {
        switch (input.Selection)
        {
            case SourceSelection.FallbackSelection:
                return null;
            case SourceSelection.SourceById byId:
                // The operator's own choice is taken as soon as it can be shown; coming back after a loss it has to prove itself like any other.
                foreach (var source in input.Sources)
                {
                    if (source.Id == byId.SourceId)
                        return source.IsGood && (input.ActiveSource is not null || IsStable(source, input.ReturnAfter, now)) ? source.Id : null;
                }
                return null;
            default:
                foreach (var source in input.Sources)
                {
                    if (source.IsGood && (source.Id == input.ActiveSource || IsStable(source, input.ReturnAfter, now)))
                        return source.Id;
                }
                return null;
        }
    }

    private static bool IsStable(in SourceHealth source, MediaTime returnAfter, MediaTime now) => now - source.GoodSince >= returnAfter;
}
