namespace StreamManager.Engine.Outputs;

/// <summary>The wait before a reconnect.</summary>
internal static class OutputBackoff
{
    /// <summary>
    /// Doubles from <see cref="OutputSettings.RetryInitial"/> to <see cref="OutputSettings.RetryMaximum"/>. Half of it is chance, so that a hundred destinations of one
    /// server that was away do not come back in the same instant.
    /// </summary>
    /// <param name="settings">The limits.</param>
    /// <param name="attempt">1 after the first failure.</param>
    /// <param name="chance">0 (inclusive) to 1.</param>
    public static TimeSpan Delay(OutputSettings settings, int attempt, double chance)
    {
        var doubled = settings.RetryInitial * Math.Pow(2, Math.Clamp(attempt - 1, 0, 30));
        var full = doubled < settings.RetryMaximum ? doubled : settings.RetryMaximum;
        return full * (0.5 + chance / 2);
    }
}
