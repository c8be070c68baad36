using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Library;
using StreamManager.Server.Tests.Security.Accounts;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>The server behind a real nginx with the configuration of <c>deploy/</c>, used by two people on two addresses.</summary>
public sealed class NginxFrontTests : IAsyncLifetime
{
    private const string Owner = "127.0.0.77";
    private const string Stranger = "127.0.0.66";

    private RunningServer _server = null!;
    private NginxFront _front = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Guesser_IsHeldUpAndTheOwnerLogsInWithASecureCookie()
    {
        using var stranger = Client(Stranger);
        for (var i = 0; i < LoginThrottle.FreePerPair; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await LogInAsync(stranger, "a guess of hers")).StatusCode);
        stranger.DefaultRequestHeaders.Add("X-Forwarded-For", Owner);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await LogInAsync(stranger, "a guess of hers")).StatusCode);

        using var owner = Client(Owner);
        var login = await LogInAsync(owner, StoredAccounts.Password);
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        Assert.Contains("; secure", login.Headers.GetValues("Set-Cookie").Single(), StringComparison.OrdinalIgnoreCase);
        var made = await _server.WaitForAsync("/api/events?type=audit.session.created", answer => answer.GetProperty("events").GetArrayLength() == 1);
        Assert.Equal(Owner, made.GetProperty("events")[0].GetProperty("data").GetProperty("address").GetString());
        var failed = (await _server.GetAsync("/api/events?type=audit.login.failed")).Json.GetProperty("events");
        Assert.All(failed.EnumerateArray(), happened => Assert.Equal(Stranger, happened.GetProperty("data").GetProperty("address").GetString()));
    }

    [Fact]
    public async Task WebSocket_ByCookie_OpensForTheOwnPageAndForNoOther()
    {
        using var owner = Client(Owner);
        var cookie = (await LogInAsync(owner, StoredAccounts.Password)).Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        using (var socket = await ConnectAsync($"https://{_front.Name}"))
        {
            var buffer = new byte[64 * 1024];
            var read = await socket.ReceiveAsync(buffer.AsMemory(), Cancel);
            Assert.Equal("status", JsonDocument.Parse(buffer.AsMemory(0, read.Count)).RootElement.GetProperty("type").GetString());
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Cancel);
        }

        foreach (var origin in new[] { $"http://{_front.Name}", "https://evil.example", $"https://{_front.Name}0" })
            await Assert.ThrowsAsync<WebSocketException>(() => ConnectAsync(origin));

        async Task<ClientWebSocket> ConnectAsync(string origin)
        {
            var socket = new ClientWebSocket();
            socket.Options.SetRequestHeader("Cookie", cookie);
            socket.Options.SetRequestHeader("Origin", origin);
            try
            {
                using var invoker = new HttpMessageInvoker(_front.ClientFrom(Owner), disposeHandler: false);
                await socket.ConnectAsync(new Uri($"wss://{_front.Name}/ws"), invoker, Cancel);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    [Fact]
    public async Task Upload_LargerThanNginxTakesByItself_Arrives()
    {
        using var owner = Client(Owner);
        owner.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunningServer.Token);
        var noise = await MediaSamples.MakeAsync("png", "-f", "lavfi", "-i", "nullsrc=s=1280x720,noise=alls=100:allf=t,format=rgb24", "-frames:v", "1");
        Assert.True(noise.Length > 1 << 20, $"{noise.Length} bytes");
        var answer = await owner.PostAsync(new Uri("/api/upload", UriKind.Relative), MediaClient.Form(noise, "large.png"), Cancel);
        Assert.True(answer.StatusCode is HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public async ValueTask InitializeAsync()
    {
        _server = await RunningServer.StartAsync("trusted_proxies: [127.0.0.1]\n");
        Assert.NotNull((await _server.Server.Accounts.Users.AddAsync("anna", Role.Owner, StoredAccounts.Password, true, "test", Cancel)).User);
        _front = await NginxFront.StartAsync(_server.Server.BoundPorts.Api);
    }

    public async ValueTask DisposeAsync()
    {
        await _front.DisposeAsync();
        await _server.DisposeAsync();
    }

    private HttpClient Client(string address) => new(_front.ClientFrom(address)) { BaseAddress = new Uri($"https://{_front.Name}") };

    private static Task<HttpResponseMessage> LogInAsync(HttpClient client, string password) =>
        client.PostAsJsonAsync(new Uri("/api/login", UriKind.Relative), new { name = "anna", password }, Cancel);
}
