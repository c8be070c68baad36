using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace StreamManager.BenchTool;

/// <summary>
/// Makes another .NET process collect all its garbage, so that what its heap holds afterwards is what is alive. Asked through the runtime's diagnostics port (documented in
/// dotnet/diagnostics, "Diagnostic IPC Protocol"): a trace of the runtime's provider with the keyword GCHeapCollect begins with a full, blocking collection.
/// </summary>
internal static class FullCollection
{
    private const int HeaderLength = 20;
    private const byte EventPipeCommands = 2;
    private const byte StopTracing = 1;
    private const byte CollectTracing2 = 3;
    private const ulong HeapCollectKeyword = 0x80_0000;
    private const uint InformationLevel = 4;

    public static async Task RequestAsync(int processId, CancellationToken cancel)
    {
        var path = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{processId}-*-socket").Single();
        var start = new MemoryStream();
        await using (var payload = new BinaryWriter(start, Encoding.Unicode, leaveOpen: true))
        {
            payload.Write(1u); // Buffer, megabytes.
            payload.Write(1u); // Format: nettrace.
            payload.Write((byte)0); // No rundown: nobody reads the trace.
            payload.Write(1u); // One provider.
            payload.Write(HeapCollectKeyword);
            payload.Write(InformationLevel);
            WriteText(payload, "Microsoft-Windows-DotNETRuntime");
            WriteText(payload, "");
        }
        await using var trace = await SendAsync(path, CollectTracing2, start.ToArray(), cancel);
        // The answer comes when the session runs, and with it the collection is over.
        var answer = new byte[HeaderLength + sizeof(ulong)];
        await trace.ReadExactlyAsync(answer, cancel);
        await using var stop = await SendAsync(path, StopTracing, answer[HeaderLength..], cancel);
        await trace.CopyToAsync(Stream.Null, cancel);
    }

    private static async Task<NetworkStream> SendAsync(string path, byte command, byte[] payload, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        var stream = new NetworkStream(socket, ownsSocket: true);
        var message = new byte[HeaderLength + payload.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        (message[16], message[17]) = (EventPipeCommands, command);
        payload.CopyTo(message.AsSpan(HeaderLength));
        await stream.WriteAsync(message, cancel);
        return stream;
    }

    // Length in characters with the final zero, then UTF-16.
    private static void WriteText(BinaryWriter payload, string text)
    {
        payload.Write(text.Length + 1);
        payload.Write(Encoding.Unicode.GetBytes(text + "\0"));
    }
}
