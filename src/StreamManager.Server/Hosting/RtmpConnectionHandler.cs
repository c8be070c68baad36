using Microsoft.AspNetCore.Connections;
using StreamManager.Rtmp.Server;
using StreamManager.Server.Security;

namespace StreamManager.Server.Hosting;

/// <summary>Takes connections of the RTMP and RTMPS ports from Kestrel and runs a session on each.</summary>
internal sealed partial class RtmpConnectionHandler(RtmpServer server, ConnectionLimiter limiter, ILogger<RtmpConnectionHandler> logger)
{
    private long _lastId;

    /// <summary>Runs one connection to its end.</summary>
    public async Task RunAsync(ConnectionContext connection, bool isTls)
    {
        var address = Addresses.Text(connection.RemoteEndPoint);
        if (!limiter.TryEnter(address))
        {
            LogTooMany(logger, address);
            connection.Abort(new ConnectionAbortedException("Too many connections."));
            return;
        }

        try
        {
            var number = Interlocked.Increment(ref _lastId);
            var id = isTls ? $"{RtmpServerHandler.TlsIdPrefix}{number}" : $"rtmp-{number}";
            await server.RunSessionAsync(connection.Transport, id, address, connection.Abort);
        }
        finally
        {
            limiter.Leave(address);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "A connection from {Address} was closed: too many connections (rtmp_max_connections, rtmp_max_connections_per_address).")]
    private static partial void LogTooMany(ILogger logger, string address);
}
