using System.Buffers;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class HandshakeTarget
{
    public static string Run(byte[] input)
    {
        var buffer = new ReadOnlySequence<byte>(input);
        if (!Handshake.TryReadClientHello(ref buffer, out var hello))
        {
            Law.Holds(buffer.Length == input.Length, "What is not whole is not taken.");
            return "needs more";
        }

        var reply = new ArrayBufferWriter<byte>();
        Handshake.WriteServerReply(reply, hello, time: 1);
        var atClient = new ReadOnlySequence<byte>(reply.WrittenMemory);
        var isRead = Handshake.TryReadServerHello(ref atClient, out var serverHello);
        Law.Holds(isRead && serverHello.PeerVersion == 0, "A client reads our hello, which is simple.");
        Law.Holds(atClient.ToArray().AsSpan().SequenceEqual(input.AsSpan(1, Handshake.PacketSize)), "The client's packet is sent back.");
        return Handshake.TryReadClientEcho(ref buffer) ? "finished" : "waits for the echo";
    }
}
