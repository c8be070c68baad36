using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The simple handshake (RTMP specification section 5.2).
/// <code>
/// C0, S0   version:8 = 3
/// C1, S1   time:32 | zero:32 | random: 1528 bytes
/// C2, S2   the peer's C1 or S1 sent back (the second word may be the time when it was read)
/// </code>
/// The four bytes after the time are zero in all that we send: that tells a peer not to expect the digests of the Flash era, and everything that
/// publishes or plays today goes on without them. What a peer sends back (C2, S2) is not compared: many get it wrong and it proves nothing.
/// </summary>
public static class Handshake
{
    /// <summary>The only version of RTMP there is.</summary>
    public const byte Version = 3;

    /// <summary>Size of C1, S1, C2 and S2.</summary>
    public const int PacketSize = 1536;

    private const int HelloSize = 1 + PacketSize;
    private const byte TlsHandshakeRecord = 0x16;

    /// <summary>
    /// Server: takes C0 and C1. Foreign protocols are recognised by the first byte already. False: more bytes are needed, nothing was taken.
    /// </summary>
    /// <exception cref="RtmpProtocolException">This is no RTMP.</exception>
    public static bool TryReadClientHello(ref ReadOnlySequence<byte> buffer, out HandshakePacket hello) => TryReadHello(ref buffer, out hello);

    /// <summary>Server: S0, S1 and S2 in one; a client may wait for all of it before it goes on.</summary>
    /// <param name="output">Takes 3,073 bytes.</param>
    /// <param name="clientHello">What is sent back.</param>
    /// <param name="time">Our clock in milliseconds, from any point.</param>
    public static void WriteServerReply(IBufferWriter<byte> output, HandshakePacket clientHello, uint time)
    {
        WriteHello(output, time);
        output.Write(clientHello.Bytes.Span);
    }

    /// <summary>Server: takes C2. False: more bytes are needed, nothing was taken.</summary>
    public static bool TryReadClientEcho(ref ReadOnlySequence<byte> buffer) => TrySkipPacket(ref buffer);

    /// <summary>Client: C0 and C1.</summary>
    public static void WriteClientHello(IBufferWriter<byte> output, uint time) => WriteHello(output, time);

    /// <summary>Client: takes S0 and S1. False: more bytes are needed, nothing was taken.</summary>
    /// <exception cref="RtmpProtocolException">This is no RTMP.</exception>
    public static bool TryReadServerHello(ref ReadOnlySequence<byte> buffer, out HandshakePacket hello) => TryReadHello(ref buffer, out hello);

    /// <summary>Client: C2, S1 byte for byte.</summary>
    public static void WriteClientEcho(IBufferWriter<byte> output, HandshakePacket serverHello) => output.Write(serverHello.Bytes.Span);

    /// <summary>Client: takes S2. False: more bytes are needed, nothing was taken.</summary>
    public static bool TryReadServerEcho(ref ReadOnlySequence<byte> buffer) => TrySkipPacket(ref buffer);

    private static bool TryReadHello(ref ReadOnlySequence<byte> buffer, out HandshakePacket hello)
    {
        hello = default;
        if (buffer.IsEmpty)
            return false;

        Span<byte> version = stackalloc byte[1];
        buffer.Slice(0, 1).CopyTo(version);
        CheckVersion(version[0]);
        if (buffer.Length < HelloSize)
            return false;

        hello = new HandshakePacket(buffer.Slice(1, PacketSize).ToArray());
        buffer = buffer.Slice(HelloSize);
        return true;
    }

    private static void CheckVersion(byte version)
    {
        switch (version)
        {
            case Version:
                return;
            case TlsHandshakeRecord:
                throw new RtmpProtocolException(RtmpProtocolError.TlsOnPlainPort, "A TLS handshake on a port for plain RTMP.");
            case >= (byte)'A' and <= (byte)'Z' or >= (byte)'a' and <= (byte)'z':
                throw new RtmpProtocolException(RtmpProtocolError.TextProtocol, "HTTP or another text protocol on a port for RTMP.");
            default:
                throw new RtmpProtocolException(RtmpProtocolError.UnsupportedVersion, $"RTMP version {version} is not spoken here.");
        }
    }

    private static bool TrySkipPacket(ref ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < PacketSize)
            return false;

        buffer = buffer.Slice(PacketSize);
        return true;
    }

    private static void WriteHello(IBufferWriter<byte> output, uint time)
    {
        var span = output.GetSpan(HelloSize)[..HelloSize];
        span[0] = Version;
        BinaryPrimitives.WriteUInt32BigEndian(span[1..], time);
        span.Slice(5, 4).Clear();
        RandomNumberGenerator.Fill(span[9..]);
        output.Advance(HelloSize);
    }
}

/// <summary>A C1 or S1 as it was read.</summary>
/// <param name="Bytes">All 1,536 of them, in an array of its own.</param>
public readonly record struct HandshakePacket(ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The peer's clock in milliseconds; means nothing by itself.</summary>
    public uint Time => BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span);

    /// <summary>Zero, or the version of a Flash player or of what pretends to be one.</summary>
    public uint PeerVersion => BinaryPrimitives.ReadUInt32BigEndian(Bytes.Span[4..]);
}
