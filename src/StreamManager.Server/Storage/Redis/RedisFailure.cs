using System.Net.Sockets;

namespace StreamManager.Server.Storage.Redis;

/// <summary>Why Redis cannot be used.</summary>
/// <param name="Kind">The cause: a closed set.</param>
/// <param name="Text">In words, one sentence or two, with what to do; never a secret, never what the peer sent.</param>
internal sealed record RedisFailure(RedisFailureKind Kind, string Text)
{
    public static RedisFailure NotYet { get; } = new(RedisFailureKind.NotYet, "The first connection is under way.");

    public static RedisFailure Stopped { get; } = new(RedisFailureKind.Stopped, "The server is ending.");

    public static RedisFailure Closed { get; } = new(RedisFailureKind.Closed, "Redis closed the connection: it was stopped or restarted, or ended the connection on purpose.");

    public static RedisFailure TimedOut { get; } = new(RedisFailureKind.TimedOut, "Redis does not answer in time: it is overloaded, stands still, or the network drops what is sent.");

    public static RedisFailure NotRedis { get; } = new(
        RedisFailureKind.NotRedis, "What answers is not a Redis, or speaks TLS where none is expected (rediss://). Look at host and port.");

    public static RedisFailure TooLarge { get; } = new(RedisFailureKind.TooLarge, "Redis sent a reply larger than anything that was stored by this server.");

    public static RedisFailure Fault { get; } = new(RedisFailureKind.Fault, "This server made an error with the connection; its log says which.");

    /// <summary>Waiting cannot help: somebody has to change a setting.</summary>
    public bool IsForGood => Kind is RedisFailureKind.Credentials or RedisFailureKind.NotRedis or RedisFailureKind.Certificate or RedisFailureKind.Database or RedisFailureKind.TooOld;

    /// <summary>Of a failed attempt to open a TCP connection.</summary>
    public static RedisFailure OfConnecting(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => new(RedisFailureKind.Unreachable, "Connections are refused: no Redis runs on this host and port."),
        SocketError.HostNotFound or SocketError.NoData => new(RedisFailureKind.Unreachable, "The host's name does not exist."),
        SocketError.TryAgain => new(RedisFailureKind.Unreachable, "The host's name could not be looked up: the name service does not answer."),
        SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.NetworkDown or SocketError.HostDown => new(RedisFailureKind.Unreachable, "There is no route to the host."),
        SocketError.TimedOut => TimedOut,
        _ => new(RedisFailureKind.Unreachable, $"The host cannot be connected to ({error})."),
    };

    /// <summary>Of an error reply that concerns the whole server or connection and goes away only with another connection; null: it concerns the command.</summary>
    public static RedisFailure? OfReply(RespValue.Error error) => error.Code switch
    {
        "LOADING" => new(RedisFailureKind.Loading, "Redis is loading its data; it will be ready soon."),
        "NOAUTH" => new(RedisFailureKind.Credentials, "Redis asks for a password; set REDIS_PASSWORD."),
        "READONLY" => new(RedisFailureKind.ReadOnly, "This Redis is a replica that takes no writes; the address must be that of the primary."),
        "MASTERDOWN" => new(RedisFailureKind.ReadOnly, "This Redis is a replica that has lost its primary."),
        _ => null,
    };
}

/// <summary>Causes why Redis cannot be used.</summary>
internal enum RedisFailureKind
{
    /// <summary>No attempt has ended yet.</summary>
    NotYet = 1,

    /// <summary>No TCP connection.</summary>
    Unreachable = 2,

    /// <summary>TLS failed, or the certificate was not taken.</summary>
    Certificate = 3,

    /// <summary>Another protocol.</summary>
    NotRedis = 4,

    /// <summary>A wrong password or user, or one that is missing.</summary>
    Credentials = 5,

    /// <summary>There is no such database.</summary>
    Database = 6,

    /// <summary>A version that lacks commands that are needed.</summary>
    TooOld = 7,

    /// <summary>It reads its data from disk.</summary>
    Loading = 8,

    /// <summary>A replica.</summary>
    ReadOnly = 9,

    /// <summary>No answer in time.</summary>
    TimedOut = 10,

    /// <summary>The connection ended from the other side.</summary>
    Closed = 11,

    /// <summary>A reply beyond the limits.</summary>
    TooLarge = 12,

    /// <summary>A command needed to set the connection up was refused.</summary>
    Refused = 13,

    /// <summary>We ended it.</summary>
    Stopped = 14,

    /// <summary>An error in our own code.</summary>
    Fault = 15,
}

/// <summary>A connection could not be made or has ended.</summary>
internal sealed class RedisConnectException(RedisFailure failure, Exception? inner = null) : Exception(failure.Text, inner)
{
    /// <summary>Why.</summary>
    public RedisFailure Failure { get; } = failure;
}
