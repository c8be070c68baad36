using System.Collections.Frozen;

namespace StreamManager.Server.Exports;

/// <summary>Which kinds of documents an export has. Every kind of the store is in one of the three sets; a test finds one that is not.</summary>
internal static class ExportKinds
{
    /// <summary>Also in an export without secrets, which are left out of them.</summary>
    public static FrozenSet<string> Open { get; } = Set("channel", "destination", "destination-override");

    /// <summary>Only in an export with secrets: they are made of secrets, or of what tells who somebody is.</summary>
    public static FrozenSet<string> Secret { get; } = Set("ingest-key", "stream:key", "stream:alias", "signing-key", "user", "token", "webhook");

    /// <summary>Never: they are of the moment, or belong to the machine. (Files of the media library are copied as files; the next start finds them.)</summary>
    public static FrozenSet<string> Left { get; } =
        Set("broadcast", "broadcast-destinations", "broadcast-report", "idempotency", "lease", "media", "session", "setup", "vault", "webhook-delivery");

    private static FrozenSet<string> Set(params string[] kinds) => kinds.ToFrozenSet(StringComparer.Ordinal);
}
