using System.Net;
using System.Text;
using StreamManager.Server.Storage.Redis;
using StreamManager.Server.Tests.Storage.Redis;
using StreamManager.TestKit;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>The whole server on a Redis that begins to answer nonsense beneath it, and still lets in whoever connects.</summary>
public sealed class GarbledRedisTests
{
    public static TheoryData<string> Garbage => ["random", "a line without end", "a string of 5 GB", "as many strings as there may be", "depth without end", "another type", "another array", "a cut reply"];

    [Theory]
    [MemberData(nameof(Garbage))]
    public async Task Server_WhoseRedisAnswersNonsense_SaysSoStaysOnAirAndHealsByItself(string kind)
    {
        await using var redis = await RedisServer.StartAsync();
        await using var relay = GarblingRelay.Start(redis.Port);
        Assert.Null(RedisUrl.TryParse($"redis://127.0.0.1:{relay.Port}", null, out var url));
        await using var server = await RunningServer.StartAsync(change: options => options with { Redis = url });
        await server.PostAsync("/api/start");
        await server.WaitForStateAsync("fallback");

        relay.Garble(BytesOf(kind));
        var refused = await server.PostAsync("/api/destinations", Destination("First"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_unavailable"), (refused.Status, refused.Code));
        // A log-in that works is not enough to count as well: it stays bad, however often it connects again.
        await Eventually.TrueAsync(async () => !await IsReadyAsync(server));
        var before = relay.Connections;
        await Eventually.TrueAsync(async () =>
        {
            Assert.False(await IsReadyAsync(server));
            return relay.Connections >= before + 4;
        });
        Assert.Equal("fallback", (await server.GetAsync("/api/status")).Json.GetProperty("state").GetString());
        Assert.InRange(relay.MostSent, 1, GarblingRelay.MostGarbage / 4);
        Assert.DoesNotContain("this is a bug", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("An error in the use of Redis", server.Log, StringComparison.Ordinal);

        relay.Restore();
        await Eventually.TrueAsync(async () => (await server.PostAsync("/api/destinations", Destination("Second"))).Status == HttpStatusCode.Created);
        await Eventually.TrueAsync(() => IsReadyAsync(server));
    }

    private static async Task<bool> IsReadyAsync(RunningServer server) =>
        (await server.SendAsync(HttpMethod.Get, "/health/ready", port: server.Server.BoundPorts.Health)).Status == HttpStatusCode.OK;

    private static string Destination(string name) => $$"""{ "name": "{{name}}", "url": "rtmp://127.0.0.1:1/a", "streamKey": "k", "enabled": false }""";

    private static byte[] BytesOf(string kind)
    {
        switch (kind)
        {
            case "random":
                var bytes = new byte[16 * 1024];
                new Random(7).NextBytes(bytes);
                return bytes;
            case "a line without end":
                return Encoding.ASCII.GetBytes("+" + new string('x', 16 * 1024));
            case "a string of 5 GB":
                return Encoding.ASCII.GetBytes("$5000000000\r\n" + new string('x', 16 * 1024));
            case "as many strings as there may be":
                return Encoding.ASCII.GetBytes("*60000\r\n$8000000\r\n" + new string('x', 8_000_000) + "\r\n");
            case "depth without end":
                return Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("*1\r\n", 4096)));
            case "another type":
                return "+OK\r\ncut"u8.ToArray();
            case "another array":
                return "*2\r\n:-7\r\n*1\r\n$-1\r\n"u8.ToArray();
            default:
                return "$100\r\nhalf of it cut"u8.ToArray();
        }
    }
}
