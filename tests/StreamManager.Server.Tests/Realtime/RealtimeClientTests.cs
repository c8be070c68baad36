using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using StreamManager.Server.Realtime;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>One client's queue over a real connection.</summary>
public sealed class RealtimeClientTests
{
    [Fact]
    public async Task Client_ThatDoesNotRead_IsCutOffWhenItsQueueIsFull_AndNeverWaitedFor()
    {
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", TimeProvider.System);
        var frame = new byte[512 * 1024];
        frame.AsSpan().Fill((byte)'x');
        var sent = 0;
        for (; sent < 1_000 && !client.IsClosing; sent++)
            client.Send(frame);
        // The queue, and what the operating system buffers for a socket that is not read.
        Assert.InRange(sent, RealtimeLimits.MostQueuedBytes / frame.Length, 500);
        Assert.True(client.IsClosing);
        await Eventually.TrueAsync(() => pair.Server.State is WebSocketState.Aborted);
    }

    [Fact]
    public async Task Client_WithTooManySmallFrames_IsCutOffToo()
    {
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", TimeProvider.System);
        // Fills what the system buffers, so that the next ones have to wait.
        for (var i = 0; i < 7; i++)
            client.Send(new byte[512 * 1024]);
        for (var i = 0; i < 100_000 && !client.IsClosing; i++)
            client.Send(Encoding.ASCII.GetBytes("{}"));
        Assert.True(client.IsClosing);
    }

    [Fact]
    public async Task Send_ThatTakesTooLong_CutsTheClientOff()
    {
        var time = new ManualTimeProvider();
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", time) { Caller = StreamManager.Server.Security.Accounts.Caller.Administrator };
        for (var i = 0; i < 7; i++)
            client.Send(new byte[512 * 1024]);
        client.CheckTimes();
        Assert.False(client.IsClosing);
        time.Advance(RealtimeLimits.SendTimeout);
        client.CheckTimes();
        Assert.True(client.IsClosing);
    }

    [Theory]
    [InlineData("nobody", true)]
    [InlineData("may not watch", true)]
    [InlineData("cannot be read", true)]
    [InlineData("store is away", false)]
    [InlineData("the same", false)]
    public async Task Caller_WhoIsAskedAboutAgain_IsClosedUnlessItMayWatch(string answer, bool isClosed)
    {
        using var pair = await SocketPair.ConnectAsync();
        var known = Server.Security.Accounts.Caller.Administrator;
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", new ManualTimeProvider())
        {
            Caller = known,
            Recheck = _ => answer switch
            {
                "nobody" => new(default(Server.Security.Accounts.Caller)),
                "may not watch" => new(known with { Permissions = Permissions.None }),
                "cannot be read" => throw new DamagedDocumentException("token", "the-damaged-one"),
                "store is away" => throw new StoreUnavailableException("away"),
                _ => new(known),
            },
        };
        await client.CheckCallerAsync(TestContext.Current.CancellationToken);
        Assert.Equal(isClosed, client.IsClosing);
        if (!isClosed)
            return;
        var farewell = await pair.Client.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken);
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.PolicyViolation), (farewell.MessageType, farewell.CloseStatus));
    }

    [Fact]
    public async Task Frame_WhoseFragmentsNeverEnd_EndsTheClient()
    {
        var time = new ManualTimeProvider();
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", time) { Caller = StreamManager.Server.Security.Accounts.Caller.Administrator };
        var receiving = client.ReceiveAsync(TestContext.Current.CancellationToken).AsTask();
        await pair.Client.SendAsync("{ "u8.ToArray(), WebSocketMessageType.Text, endOfMessage: false, TestContext.Current.CancellationToken);

        // Whoever only listens is not late.
        await Eventually.TrueAsync(async () =>
        {
            // Fragments of nothing, as many as there may be.
            await pair.Client.SendAsync(ReadOnlyMemory<byte>.Empty, WebSocketMessageType.Text, endOfMessage: false, TestContext.Current.CancellationToken);
            time.Advance(TimeSpan.FromSeconds(1));
            client.CheckTimes();
            return client.IsClosing;
        });
        Assert.True(time.Elapsed >= RealtimeLimits.MessageTimeout);
        var farewell = await pair.Client.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, farewell.CloseStatus);
        time.Advance(RealtimeLimits.CloseTimeout);
        client.CheckTimes();
        await Assert.ThrowsAnyAsync<Exception>(() => receiving);
    }

    [Fact]
    public async Task Greeting_OfAThousandFrames_WaitsAsOneForASlowClient_AndComesBeforeWhatFollows()
    {
        const int count = 1_000;
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", TimeProvider.System);
        var made = 0;
        client.Send(Enumerable.Range(0, count).Select(i =>
        {
            Interlocked.Increment(ref made);
            return (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes($"{i} {new string('x', 16_000)}");
        }));
        for (var i = 0; i < RealtimeLimits.MostQueuedFrames / 2; i++)
            client.Send("behind it"u8.ToArray());
        Assert.False(client.IsClosing);

        // Nobody has read: they are not held in memory.
        Assert.InRange(Volatile.Read(ref made), 0, count - 1);
        var buffer = new byte[32 * 1024];
        for (var i = 0; i < count + (RealtimeLimits.MostQueuedFrames / 2); i++)
            Assert.StartsWith(i < count ? $"{i} x" : "behind it", await ReadAsync(), StringComparison.Ordinal);

        async Task<string> ReadAsync()
        {
            var length = 0;
            while (true)
            {
                var read = await pair.Client.ReceiveAsync(buffer.AsMemory(length), TestContext.Current.CancellationToken);
                length += read.Count;
                if (read.EndOfMessage)
                    return Encoding.ASCII.GetString(buffer, 0, length);
            }
        }
    }

    [Fact]
    public async Task Frames_ArriveInTheirOrder_AndNoneAfterTheFarewell()
    {
        using var pair = await SocketPair.ConnectAsync();
        var client = new RealtimeClient(pair.Server, "127.0.0.1", "localhost", TimeProvider.System);
        for (var i = 0; i < 200; i++)
            client.Send(Encoding.ASCII.GetBytes($"{i}"));
        client.Close(WebSocketCloseStatus.NormalClosure, "enough", reason: null);
        client.Send("late"u8.ToArray());

        var buffer = new byte[64];
        for (var i = 0; i < 200; i++)
        {
            var read = await pair.Client.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);
            Assert.Equal($"{i}", Encoding.ASCII.GetString(buffer, 0, read.Count));
        }

        Assert.Equal(WebSocketMessageType.Close, (await pair.Client.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken)).MessageType);
        Assert.Equal("enough", pair.Client.CloseStatusDescription);
    }

    private sealed class SocketPair : IDisposable
    {
        private SocketPair(Socket client, Socket server)
        {
            Client = WebSocket.CreateFromStream(new NetworkStream(client, ownsSocket: true), new WebSocketCreationOptions());
            Server = WebSocket.CreateFromStream(new NetworkStream(server, ownsSocket: true), new WebSocketCreationOptions { IsServer = true });
        }

        public WebSocket Client { get; }

        public WebSocket Server { get; }

        public static async Task<SocketPair> ConnectAsync()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            // Small, so that a peer that does not read is felt soon.
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16 * 1024 };
            await client.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
            var server = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
            server.SendBufferSize = 16 * 1024;
            return new SocketPair(client, server);
        }

        public void Dispose()
        {
            Client.Dispose();
            Server.Dispose();
        }
    }
}
