namespace StreamManager.Server.Storage.Redis;

/// <summary>The peer does not speak RESP, or says more than <see cref="RespLimits"/> allow. Where its next reply begins is lost: the connection ends. The message never quotes the peer.</summary>
internal sealed class RespFormatException : Exception
{
    public RespFormatException(RespFault fault, string message)
        : base(message) => Fault = fault;

    public RespFormatException(string message)
        : this(RespFault.Malformed, message)
    {
    }

    public RespFormatException(string message, Exception innerException)
        : base(message, innerException) => Fault = RespFault.Malformed;

    public RespFormatException()
        : this("The peer broke the protocol.")
    {
    }

    /// <summary>What was wrong.</summary>
    public RespFault Fault { get; }
}

/// <summary>Ways of breaking the protocol.</summary>
internal enum RespFault
{
    /// <summary>Not RESP.</summary>
    Malformed = 1,

    /// <summary>RESP, but beyond a limit.</summary>
    TooLarge = 2,
}
