namespace StreamManager.Server.Options;

/// <summary>One wrong setting.</summary>
/// <param name="Origin">Where it stands: <c>environment</c>, or the configuration file with the line.</param>
/// <param name="Key">Name of the setting, with its path inside the file.</param>
/// <param name="Value">What was found, masked where it may hold a secret; null when the setting itself is the mistake.</param>
/// <param name="Allowed">What is allowed, as the end of "must be …" or a sentence of its own.</param>
internal sealed record OptionError(string Origin, string Key, string? Value, string Allowed)
{
    /// <inheritdoc/>
    public override string ToString() => Value is null ? $"{Origin}: {Key}: {Allowed}" : $"{Origin}: {Key}: \"{Value}\" is not allowed: {Allowed}";
}
