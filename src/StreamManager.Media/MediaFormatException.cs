namespace StreamManager.Media;

/// <summary>
/// Bytes from outside break the format that they claim to be in. The fault is the sender's: it is counted and told, never an error of ours.
/// The only exception that a parser of this project throws for bad input.
/// </summary>
public sealed class MediaFormatException : Exception
{
    /// <summary>Creates the exception; the message says which rule is broken and never quotes a peer's text.</summary>
    public MediaFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its cause.</summary>
    public MediaFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    public MediaFormatException()
    {
    }
}
