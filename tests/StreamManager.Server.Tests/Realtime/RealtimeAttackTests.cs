using StreamManager.Server.Realtime;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Realtime;

/// <summary>Clients that flood: the right farewell, and nobody else notices.</summary>
public sealed class RealtimeAttackTests : IAsyncLifetime
{
    private RunningServer _server = null!;
    private RealtimePeer _bystander = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_TenThousandAtOnce_EndTheirClient()
    {
        using var peer = await RawWebSocket.ConnectAsync(_server);
        var command = RawWebSocket.Frame(0x81, """{ "type": "status" }"""u8.ToArray());
        var closing = peer.ReadCloseCodeAsync();
        try
        {
            await peer.Stream.WriteAsync(Enumerable.Range(0, 10_000).SelectMany(_ => command).ToArray(), Cancel);
        }
        catch (IOException)
        {
            // It was cut off while it sent.
        }

        // A farewell is lost where the connection is reset under what still comes in; an answer to all of them is what must not be.
        Assert.True(await closing is null or 1008);
        await AssertUndisturbedAsync();
    }

    [Fact]
    public async Task Pings_AHundredThousand_DisturbNobody()
    {
        using var peer = await RawWebSocket.ConnectAsync(_server);
        var pings = Enumerable.Range(0, 1_000).SelectMany(_ => RawWebSocket.Frame(0x89, "x"u8.ToArray())).ToArray();
        var flooding = Task.Run(
            async () =>
            {
                // It does not read the answers.
                try
                {
                    for (var thousand = 0; thousand < 100; thousand++)
                        await peer.Stream.WriteAsync(pings, Cancel);
                }
                catch (Exception e) when (e is IOException or ObjectDisposedException)
                {
                    // Cut off.
                }
            },
            Cancel);
        for (var call = 0; call < 20; call++)
            await AssertUndisturbedAsync();
        peer.Dispose();
        await flooding;
    }

    [Fact]
    public async Task Clients_OfOneAddressBeyondTheLimit_AreRefused_AndLaterTakenAgain()
    {
        var clients = new List<RawWebSocket>();
        try
        {
            // On a busy machine the first may have been cut off (they answer no pings) before the last come: then it takes a few more.
            while (clients.Count < 2 * RealtimeLimits.MostClientsOfAnAddress && (clients.Count == 0 || clients[^1].Answer.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal)))
                clients.Add(await RawWebSocket.ConnectAsync(_server));

            // The bystander is one of them.
            Assert.StartsWith("HTTP/1.1 503 ", clients[^1].Answer, StringComparison.Ordinal);
            Assert.True(clients.Count >= RealtimeLimits.MostClientsOfAnAddress, $"{clients.Count} clients");
            await AssertUndisturbedAsync();
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        await Eventually.TrueAsync(async () =>
        {
            using var again = await RawWebSocket.ConnectAsync(_server);
            return again.Answer.StartsWith("HTTP/1.1 101 ", StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("""{ "type": 5 }""")]
    [InlineData("""{ "type": "start", "data": [] }""")]
    [InlineData("""{ "type": "start", "data": { "channel": {} } }""")]
    [InlineData("""{ "type": "source.select", "data": { "select": 1e999 } }""")]
    [InlineData("""{ "type": "destination.update", "data": { "id": null, "enabled": "yes" } }""")]
    [InlineData("""{ "type": "stream.kick", "data": { "clientId": ["a"] } }""")]
    [InlineData("""{ "id": {}, "type": "status" }""")]
    [InlineData("""{ "id": [1], "type": "status" }""")]
    [InlineData("[]")]
    [InlineData("null")]
    public async Task Command_OfWrongTypes_IsAnsweredAndChangesNothing(string command)
    {
        using var peer = await RealtimePeer.ConnectAsync(_server);
        await peer.SendAsync(command);
        var answer = await peer.ReceiveAsync("error");
        Assert.InRange(answer.GetProperty("data").GetProperty("status").GetInt32(), 400, 404);
        Assert.Equal("result", (await peer.CallAsync("status")).Type);
        Assert.Equal("waiting", (await _server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync();
        _bystander = await RealtimePeer.ConnectAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        _bystander.Dispose();
        await _server.DisposeAsync();
    }

    private async Task AssertUndisturbedAsync() => Assert.Equal("result", (await _bystander.CallAsync("status")).Type);
}
