using System.Collections.Immutable;

namespace StreamManager.Server.Realtime;

/// <summary>Finds out of which webhooks the deliveries have changed since the last look. One caller.</summary>
internal sealed class DeliveryWatch
{
    private ImmutableArray<KeyValuePair<string, long>>? _last;

    /// <summary>Ids of those whose number is another than at the last look; none at the first.</summary>
    /// <param name="changes">Each webhook with the number of changes so far.</param>
    public ImmutableArray<string> TakeChanged(ImmutableArray<KeyValuePair<string, long>> changes)
    {
        var last = _last;
        _last = changes;
        return last is { } before ? [.. changes.Where(entry => entry.Value > 0 && !before.Contains(entry)).Select(entry => entry.Key)] : [];
    }
}
