using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace StreamManager.Rtmp.Client;

/// <summary>What Linux knows of a TCP connection (struct tcp_info, include/uapi/linux/tcp.h; fields are only ever added at its end).</summary>
/// <param name="UnacknowledgedBytes">Bytes handed to the socket that the peer's TCP has not acknowledged.</param>
/// <param name="RoundTrip">Smoothed round trip.</param>
internal readonly record struct TcpInformation(long UnacknowledgedBytes, TimeSpan RoundTrip)
{
    private const int TcpLevel = 6;
    private const int TcpInfoOption = 11;
    private const int RoundTripOffset = 68;
    private const int BytesAcknowledgedOffset = 120;
    private const int NotSentOffset = 144;
    private const int BytesSentOffset = 200;
    private const int BytesRetransmittedOffset = 208;
    private const int SizeNeeded = 216;

    /// <summary>Null where the system does not tell (not Linux, a kernel before 4.19, or a closed socket).</summary>
    public static TcpInformation? Read(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> info = stackalloc byte[256];
        try
        {
            if (socket.GetRawSocketOption(TcpLevel, TcpInfoOption, info) < SizeNeeded)
                return null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }

        // In the kernel's own count, which holds for TLS too: sent but unacknowledged, and not sent yet. The SYN counts as an acknowledged byte.
        var onTheWay = Int64(info, BytesSentOffset) - Int64(info, BytesRetransmittedOffset) - Int64(info, BytesAcknowledgedOffset);
        var waiting = MemoryMarshal.Read<uint>(info[NotSentOffset..]);
        var roundTrip = MemoryMarshal.Read<uint>(info[RoundTripOffset..]);
        return new TcpInformation(Math.Max(0, onTheWay) + waiting, TimeSpan.FromMicroseconds(roundTrip));
    }

    private static long Int64(ReadOnlySpan<byte> info, int offset) => MemoryMarshal.Read<long>(info[offset..]);
}
