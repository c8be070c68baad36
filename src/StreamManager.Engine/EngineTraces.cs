using System.Diagnostics;

namespace StreamManager.Engine;

/// <summary>The engine's spans: the source <c>StreamManager.Engine</c>. Without a listener they cost a look at a field. Ids in them are the owner's; no address, no key.</summary>
internal static class EngineTraces
{
    private static readonly ActivitySource Source = new("StreamManager.Engine");

    /// <summary>A try to get a publish at a destination. The caller ends it; null: nobody listens.</summary>
    public static Activity? Connect(string destination) => Root("destination.connect", ActivityKind.Client)?.SetTag("destination.id", destination);

    /// <summary>A program changed its feed; null stands for the fallback.</summary>
    public static void Switched(string channel, string? from, string? to, string reason)
    {
        using var span = Root("program.switch", ActivityKind.Internal);
        span?.SetTag("channel.id", channel).SetTag("program.from", from ?? "fallback").SetTag("program.to", to ?? "fallback").SetTag("program.reason", reason);
    }

    // The loops were started by a request or a session, whose span has ended long ago.
    private static Activity? Root(string name, ActivityKind kind)
    {
        if (!Source.HasListeners())
            return null;
        Activity.Current = null;
        return Source.StartActivity(name, kind);
    }
}
