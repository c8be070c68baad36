using System.Text;
using StreamManager.Server.Realtime;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>Clients that break the WebSocket protocol itself: the farewell that RFC 6455 has for it, seen on the wire.</summary>
public sealed class RealtimeProtocolTests : IAsyncLifetime
{
    private const int ProtocolError = 1002, InvalidText = 1007;

    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>What is sent: its name, its bytes, the code of the farewell.</summary>
    public static TheoryData<string, byte[], int> Violations => new()
    {
        { "no mask", [0x81, 12, .. """{ "id": 12 }"""u8], ProtocolError },
        { "first reserved bit", RawWebSocket.Frame(0xC1, "{}"u8.ToArray()), ProtocolError },
        { "third reserved bit", RawWebSocket.Frame(0x91, "{}"u8.ToArray()), ProtocolError },
        { "unknown data opcode", RawWebSocket.Frame(0x83, "{}"u8.ToArray()), ProtocolError },
        { "unknown control opcode", RawWebSocket.Frame(0x8B, []), ProtocolError },
        { "continuation of nothing", RawWebSocket.Frame(0x80, "{}"u8.ToArray()), ProtocolError },
        { "text within text", [.. RawWebSocket.Frame(0x01, "{"u8.ToArray()), .. RawWebSocket.Frame(0x81, "}"u8.ToArray())], ProtocolError },
        { "ping in pieces", RawWebSocket.Frame(0x09, "x"u8.ToArray()), ProtocolError },
        { "ping of 126 bytes", RawWebSocket.Frame(0x89, new byte[126]), ProtocolError },
        { "farewell of one byte", RawWebSocket.Frame(0x88, [3]), ProtocolError },
        { "farewell with a code that is none", RawWebSocket.Frame(0x88, [0, 7]), ProtocolError },
        { "length beyond all numbers", [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], ProtocolError },
        { "text that is no UTF-8", RawWebSocket.Frame(0x81, [0x22, 0xE4, 0x22]), InvalidText },
        { "text that ends within a character", RawWebSocket.Frame(0x81, [0x22, 0xE4, 0xB8]), InvalidText },
        { "farewell whose words are no UTF-8", RawWebSocket.Frame(0x88, [3, 0xE8, 0xFF]), ProtocolError },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Violation_IsAnsweredWithItsCode_AlsoWhenMoreComesBehindIt(string name, byte[] bytes, int code)
    {
        foreach (var more in new[] { 0, 1, 60_000 })
        {
            using var peer = await RawWebSocket.ConnectAsync(_server);
            await peer.Stream.WriteAsync((byte[])[.. bytes, .. Encoding.ASCII.GetBytes(new string('x', more))], Cancel);
            Assert.True(await peer.ReadCloseCodeAsync() is { } given && given == code, $"{name} with {more} bytes behind it");
        }
    }

    /// <summary>What the protocol allows and this server does not take: the client's own farewell is read behind it, and the connection ends in order.</summary>
    [Theory]
    [InlineData("binary", 1003)]
    [InlineData("large", 1009)]
    public async Task FrameThatIsNotTaken_IsReadToItsEnd_SoThatTheFarewellIsHeard(string kind, int code)
    {
        using var peer = await RawWebSocket.ConnectAsync(_server);
        byte[] frame = kind == "binary" ? RawWebSocket.Frame(0x82, new byte[50_000]) : RawWebSocket.Frame(0x81, Encoding.ASCII.GetBytes(new string('x', RealtimeLimits.MostMessageBytes + 1)));
        await peer.Stream.WriteAsync(frame, Cancel);
        Assert.Equal(code, await peer.ReadCloseCodeAsync());
        await peer.Stream.WriteAsync(RawWebSocket.Frame(0x88, [3, 0xE8]), Cancel);
        Assert.Equal(0, await peer.Stream.ReadAsync(new byte[1], Cancel));
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();
}
