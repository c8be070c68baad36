using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Realtime;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Whom a request is from, when its peer says that it asks for somebody else. The test is the peer: 127.0.0.1.</summary>
public sealed class ForwardedRequestTests
{
    private const string Owner = "192.0.2.7";
    private const string Stranger = "203.0.113.5";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("10.0.0.1", Stranger, "127.0.0.1")]
    [InlineData("::1", Stranger, "127.0.0.1")]
    [InlineData("", Stranger, "127.0.0.1")]
    [InlineData("127.0.0.1", "", "127.0.0.1")]
    [InlineData("127.0.0.1", Stranger, Stranger)]
    [InlineData("127.0.0.0/8", Stranger, Stranger)]
    [InlineData("::ffff:127.0.0.1", Stranger, Stranger)]
    [InlineData("127.0.0.1", "192.0.2.7, " + Stranger, Stranger)]
    [InlineData("127.0.0.1", "127.0.0.1, " + Stranger, Stranger)]
    [InlineData("127.0.0.1", Stranger + ":4711", Stranger)]
    [InlineData("127.0.0.1", "2001:db8::5", "2001:db8::5")]
    [InlineData("127.0.0.1", "[2001:db8::5]:4711", "2001:db8::5")]
    [InlineData("127.0.0.1", "::ffff:" + Stranger, Stranger)]
    [InlineData("127.0.0.1, 10.1.0.0/16", "192.0.2.7, " + Stranger + ", 10.1.2.3", Stranger)]
    [InlineData("127.0.0.1, 10.1.0.0/16", Stranger + ", 10.2.2.3", "10.2.2.3")]
    [InlineData("127.0.0.1, 2001:db8:f::/48", Stranger + ", 2001:db8:f::1", Stranger)]
    [InlineData("127.0.0.1", "unknown", "127.0.0.1")]
    [InlineData("127.0.0.1", Stranger + ", _hidden", "127.0.0.1")]
    [InlineData("127.0.0.1", Stranger + ", 1.2.3.4.5", "127.0.0.1")]
    [InlineData("127.0.0.1", Stranger + ",\t'; DROP TABLE journal", "127.0.0.1")]
    public async Task Address_IsTheRightmostThatIsNoTrustedProxy_AndOnlyATrustedPeerIsBelieved(string trusted, string forwardedFor, string expected)
    {
        await using var server = await StartAsync(trusted);
        await AddOwnerAsync(server);
        var login = await LogInAsync(server, forwardedFor);
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        var made = await server.WaitForAsync("/api/events?type=audit.session.created", answer => answer.GetProperty("events").GetArrayLength() == 1);
        Assert.Equal(expected, made.GetProperty("events")[0].GetProperty("data").GetProperty("address").GetString());
    }

    [Fact]
    public async Task Guesser_BehindTheProxy_IsHeldUpAndTheOwnerIsNot()
    {
        await using var server = await StartAsync("127.0.0.1");
        await AddOwnerAsync(server);
        for (var i = 0; i < LoginThrottle.FreePerPair; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(server, Stranger, "a guess of hers")).StatusCode);

        // An address that the guesser invents stands to the left of the one that the proxy saw.
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.TooManyRequests, (await LogInAsync(server, $"198.51.100.{i}, {Stranger}", "a guess of hers")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(server, Owner)).StatusCode);
    }

    [Fact]
    public async Task Guesser_WhoseWordIsNotBelieved_GetsNoNewTriesByInventingAddresses()
    {
        await using var server = await StartAsync("10.0.0.1");
        await AddOwnerAsync(server);
        for (var i = 0; i < LoginThrottle.FreePerPair; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(server, $"198.51.100.{i}", "a guess of hers")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogInAsync(server, "198.51.100.99", "a guess of hers")).StatusCode);
    }

    [Fact]
    public async Task Header_OfThousandsOfAddresses_CostsNoMoreThanItsLastOnes()
    {
        await using var server = await StartAsync("127.0.0.0/8");
        await AddOwnerAsync(server);

        // All of them trusted, as many as fit: only so many proxies stand one behind the other.
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(server, string.Join(',', Enumerable.Repeat("127.0.0.1", 1_500)))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await LogInAsync(server, new string(',', 10_000) + Stranger)).StatusCode);
        var made = await server.WaitForAsync("/api/events?type=audit.session.created", answer => answer.GetProperty("events").GetArrayLength() == 2);
        Assert.Equal([Stranger, "127.0.0.1"], made.GetProperty("events").EnumerateArray().Select(happened => happened.GetProperty("data").GetProperty("address").GetString()));

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, (await LogInAsync(server, string.Join(',', Enumerable.Repeat("127.0.0.1", 10_000)))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/status")).Status);
    }

    [Theory]
    [InlineData("127.0.0.1", "https", true)]
    [InlineData("127.0.0.1", "HTTPS", true)]
    [InlineData("127.0.0.1", "http", false)]
    [InlineData("127.0.0.1", "", false)]
    [InlineData("127.0.0.1", "evil", false)]
    public async Task Cookie_IsSecureWhereTheProxySpeaksHttps(string trusted, string scheme, bool isSecure)
    {
        await using var server = await StartAsync(trusted);
        await AddOwnerAsync(server);
        var login = await LogInAsync(server, Stranger, scheme: scheme);
        Assert.Equal(isSecure, login.Headers.GetValues("Set-Cookie").Single().Contains("; secure", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task WebSocket_OverHttps_IsNotOpenedByThePlainPageOfTheSameName()
    {
        await using var server = await StartAsync("127.0.0.1");
        await AddOwnerAsync(server);
        var cookie = (await LogInAsync(server, Owner)).Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        var name = $"127.0.0.1:{server.Server.BoundPorts.Api}";
        using (var peer = await ConnectAsync("https"))
            Assert.Equal("status", (await peer.ReceiveAsync())!.Value.GetProperty("type").GetString());
        await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync("http"));

        Task<RealtimePeer> ConnectAsync(string scheme) => RealtimePeer.ConnectAsync(server, token: null, change: options =>
        {
            options.SetRequestHeader("Cookie", cookie);
            options.SetRequestHeader("Origin", $"{scheme}://{name}");
            options.SetRequestHeader("X-Forwarded-For", Owner);
            options.SetRequestHeader("X-Forwarded-Proto", "https");
        });
    }

    [Theory]
    [InlineData("X-Forwarded-For", Stranger)]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-For", "nobody")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("X-Forwarded-Host", "stream.example")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Request_ThatWasForwarded_IsNotFromThisMachine(string header, string value)
    {
        foreach (var trusted in new[] { "127.0.0.1", "" })
        {
            await using var server = await StartAsync(trusted);
            using var forwarded = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{server.Server.BoundPorts.Metrics}/metrics"));
            forwarded.Headers.Add(header, value);
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.SendAsync(forwarded, Cancel)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/metrics", token: null, port: server.Server.BoundPorts.Metrics)).Status);
        }
    }

    [Fact]
    public async Task SignedAddress_ForSomeAddresses_HoldsForTheClientAndNotForTheProxy()
    {
        await using var server = await StartAsync("127.0.0.1");
        var signed = (await server.PostAsync("/api/keys/sign", $$"""{ "action": "play", "allowedAddresses": ["{{Owner}}", "127.0.0.1"] }""")).Json;
        var path = "/preview/main.jpg?" + signed.GetProperty("url").GetString()!.Split('?')[1];
        Assert.Equal(HttpStatusCode.NotFound, await GetAsync(Owner));
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(Stranger));

        // The proxy did not say for whom it asks: that is nobody's address.
        Assert.Equal(HttpStatusCode.Unauthorized, await GetAsync(null));

        async Task<HttpStatusCode> GetAsync(string? forwardedFor)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (forwardedFor is not null)
                request.Headers.Add("X-Forwarded-For", forwardedFor);
            using var response = await server.Client.SendAsync(request, Cancel);
            return response.StatusCode;
        }
    }

    private static Task<RunningServer> StartAsync(string trusted) => RunningServer.StartAsync(trusted.Length == 0 ? null : $"trusted_proxies: \"{trusted}\"\n");

    private static async Task AddOwnerAsync(RunningServer server) =>
        Assert.NotNull((await server.Server.Accounts.Users.AddAsync("anna", Role.Owner, StoredAccounts.Password, true, "test", Cancel)).User);

    private static async Task<HttpResponseMessage> LogInAsync(RunningServer server, string forwardedFor, string password = StoredAccounts.Password, string scheme = "")
    {
        using var handler = new HttpClientHandler { UseCookies = false };
        using var client = new HttpClient(handler) { BaseAddress = server.Client.BaseAddress };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/login");
        if (forwardedFor.Length > 0)
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwardedFor);
        if (scheme.Length > 0)
            request.Headers.Add("X-Forwarded-Proto", scheme);
        request.Content = new StringContent(JsonSerializer.Serialize(new { name = "anna", password }), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        return await client.SendAsync(request, Cancel);
    }
}
