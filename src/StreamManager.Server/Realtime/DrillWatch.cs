using System.Collections.Immutable;
using StreamManager.Server.Broadcasts;

namespace StreamManager.Server.Realtime;

/// <summary>Finds out which drills have come to another phase since the last look. One caller.</summary>
internal sealed class DrillWatch
{
    private ImmutableArray<DrillStatus> _last = [];

    /// <summary>Those of <paramref name="all"/> that were not there at the last look. A drill is replaced whole in each phase.</summary>
    public ImmutableArray<DrillStatus> TakeChanged(ImmutableArray<DrillStatus> all)
    {
        var last = _last;
        _last = all;
        return [.. all.Where(drill => !last.Contains(drill, ReferenceEqualityComparer.Instance))];
    }
}
