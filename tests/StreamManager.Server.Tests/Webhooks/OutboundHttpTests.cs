using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Security;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

public sealed class OutboundHttpTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("2130706433")]
    [InlineData("0.0.0.0")]
    [InlineData("[::]")]
    public async Task Send_ToThisMachine_IsRefusedAndNothingArrives(string host)
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var answer = await PostAsync(new OutboundHttpSettings(), $"http://{host}:{receiver.Port}/");
        Assert.Contains("not allowed", answer, StringComparison.Ordinal);
        Assert.Empty(receiver.Received);
    }

    [Fact]
    public async Task Send_ToThisMachine_IsAllowedByTheSetting()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        Assert.Equal("204", await PostAsync(new OutboundHttpSettings { AllowPrivateAddresses = true }, receiver.Url));
    }

    [Fact]
    public async Task Send_ToANameThatMoves_GoesToTheAddressThatWasChecked()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var answers = new Queue<IPAddress>([IPAddress.Parse("8.8.8.8"), IPAddress.Loopback]);
        var asked = new List<string>();
        var connected = new List<IPEndPoint>();
        var settings = new OutboundHttpSettings
        {
            Resolve = (name, _) =>
            {
                asked.Add(name);
                return Task.FromResult<IPAddress[]>([answers.Dequeue()]);
            },
            Connect = async (peer, cancellationToken) =>
            {
                connected.Add(peer);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, receiver.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new OutboundHttp(settings);
        receiver.Answer = (context, _) =>
        {
            // The next request needs a new connection, and so a new look at the name.
            context.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        };
        Assert.Equal("200", await PostAsync(http, "http://moves.example:8080/"));
        Assert.Contains("not allowed", await PostAsync(http, "http://moves.example:8080/"), StringComparison.Ordinal);
        Assert.Equal(["moves.example", "moves.example"], asked);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("8.8.8.8"), 8080), Assert.Single(connected));
        Assert.Equal("moves.example:8080", Assert.Single(receiver.Received).Host);
    }

    [Fact]
    public async Task Send_ToANameWithOneForbiddenAddress_IsRefused()
    {
        var settings = new OutboundHttpSettings
        {
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8"), IPAddress.Parse("10.0.0.1")]),
            Connect = (_, _) => throw new InvalidOperationException("must not be connected"),
        };
        Assert.Contains("not allowed", await PostAsync(settings, "http://both.example/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_FirstAddressLeadsNowhere_TakesTheNext()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var settings = new OutboundHttpSettings
        {
            AllowPrivateAddresses = true,
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, IPAddress.Loopback]),
        };
        Assert.Equal("204", await PostAsync(settings, $"http://both.example:{receiver.Port}/"));
    }

    [Fact]
    public async Task Send_AnsweredByARedirect_DoesNotFollow()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) =>
        {
            context.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        Assert.Equal("307", await PostAsync(new OutboundHttpSettings { AllowPrivateAddresses = true }, receiver.Url));
        Assert.Equal("/hook", Assert.Single(receiver.Received).Path);
    }

    [Fact]
    public async Task Send_ToSomethingThatIsNoTls_SaysSo()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var garbage = Task.Run(async () =>
        {
            using var peer = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
            await peer.GetStream().WriteAsync(new byte[4096], TestContext.Current.CancellationToken);
        }, TestContext.Current.CancellationToken);
        var settings = new OutboundHttpSettings { AllowPrivateAddresses = true };
        Assert.Contains("TLS failed", await PostAsync(settings, $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"), StringComparison.Ordinal);
        await garbage;
    }

    [Fact]
    public async Task Send_OverTls_NeedsACertificateThatIsTrusted()
    {
        using var authority = new TestCertificateAuthority();
        await using var receiver = await WebhookReceiver.StartAsync(authority.IssueServer());
        await using var expired = await WebhookReceiver.StartAsync(authority.IssueExpiredServer());
        var trusting = new OutboundHttpSettings { AllowPrivateAddresses = true, TrustedRoots = [authority.Certificate] };
        Assert.Equal("204", await PostAsync(trusting, receiver.Url));
        Assert.Contains("TLS failed", await PostAsync(trusting, expired.Url), StringComparison.Ordinal);
        Assert.Contains("TLS failed", await PostAsync(new OutboundHttpSettings { AllowPrivateAddresses = true }, receiver.Url), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NobodyThere_SaysWhatIsWrongWithoutTheAddress()
    {
        var allowed = new OutboundHttpSettings { AllowPrivateAddresses = true };
        Assert.Equal("Nobody listens at this host and port.", await PostAsync(allowed, $"http://127.0.0.1:{FreePort.Next()}/s3cret"));
        var unknown = allowed with { Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound) };
        Assert.Equal("The name of the host cannot be resolved.", await PostAsync(unknown, "http://s3cret.example/"));
        var empty = allowed with { Resolve = (_, _) => Task.FromResult<IPAddress[]>([]) };
        Assert.Equal("The name of the host cannot be resolved.", await PostAsync(empty, "http://s3cret.example/"));
    }

    [Fact]
    public async Task Send_HeaderOfTheAnswerTooLarge_IsRefused()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (context, _) =>
        {
            context.Response.Headers["x-large"] = new string('x', 100_000);
            return Task.CompletedTask;
        };
        Assert.Contains("too large", await PostAsync(new OutboundHttpSettings { AllowPrivateAddresses = true }, receiver.Url), StringComparison.Ordinal);
    }

    private static async Task<string> PostAsync(OutboundHttpSettings settings, string url)
    {
        using var http = new OutboundHttp(settings);
        return await PostAsync(http, url);
    }

    /// <summary>The status, or the words for what went wrong.</summary>
    private static async Task<string> PostAsync(OutboundHttp http, string url)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent("{}") };
        try
        {
            using var response = await http.SendAsync(request, CancellationToken.None);
            return ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (HttpRequestException e)
        {
            return OutboundHttp.Describe(e);
        }
    }
}
