namespace StreamManager.Server.Security;

/// <summary>A text that nobody may see by accident: logs, exceptions and printed records show a mask. Compared by value (not in constant time: see <see cref="TokenDigest"/>).</summary>
/// <param name="Value">The text itself.</param>
internal sealed record Secret(string Value)
{
    /// <summary>What stands in place of a secret wherever text is shown.</summary>
    public const string Mask = "(hidden)";

    /// <summary>The last four characters, by which a person recognises a key; nothing when the key is so short that four characters would give it away.</summary>
    public static string Hint(string value) => value.Length >= 8 ? "…" + value[^4..] : value.Length == 0 ? "" : "…";

    /// <inheritdoc/>
    public override string ToString() => Mask;
}
