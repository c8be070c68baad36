namespace StreamManager.Server.Hosting;

/// <summary>The server cannot start, for a reason that a person can mend. The message says what is wrong and what to do; it is shown without a stack.</summary>
internal sealed class StartupException : Exception
{
    /// <summary>With a message for the user.</summary>
    public StartupException(string message)
        : base(message)
    {
    }

    /// <summary>With a message for the user and the cause.</summary>
    public StartupException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
