using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using StreamManager.Server.Api;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Tests.Api;

/// <summary>Nobody holds much of the server's memory by saying that much will come: neither strangers nor slow ones.</summary>
public sealed class SlowBodyTests : IAsyncLifetime
{
    private RunningServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RouteThatNeedsAToken_SaysSoBeforeTheBodyComes()
    {
        foreach (var route in _server.Server.Routes.Where(route => route.Metadata.GetMetadata<RouteAccess>()!.Needed is not Permissions.None))
        {
            var method = route.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.IHttpMethodMetadata>()!.HttpMethods.Single();
            if (method is not ("POST" or "PUT" or "PATCH"))
                continue;
            var path = System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!, "\\{[^}]*\\}", "nothing");
            foreach (var extra in new[] { "", "Idempotency-Key: k-1\r\n", "Expect: 100-continue\r\n" })
                Assert.StartsWith("HTTP/1.1 401", await AskAsync($"{method} {path} HTTP/1.1\r\nHost: x\r\n{extra}Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/login")]
    [InlineData("/api/setup")]
    [InlineData("/api/user-link")]
    public async Task RouteForEverybody_TakesASmallBodyOnly(string path)
    {
        var head = $"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        Assert.StartsWith("HTTP/1.1 413", await AskAsync($"{head}Content-Length: {RequestFields.LargestOpenBody + 1}\r\n\r\n"), StringComparison.Ordinal);
        var large = new string('x', RequestFields.LargestOpenBody + 1);
        Assert.StartsWith("HTTP/1.1 413", await AskAsync($"{head}Transfer-Encoding: chunked\r\n\r\n{large.Length:x}\r\n{large}\r\n"), StringComparison.Ordinal);

        // The longest name and password that there may be fit, however they are written.
        static string Escaped(int length) => string.Concat(Enumerable.Repeat("\\ud83d\\ude00", length / 2));
        var body = $$"""{ "name": "{{Escaped(AccountNames.LongestName)}}", "password": "{{Escaped(PasswordRules.Longest)}}", "token": "{{new string('x', 100)}}" }""";
        Assert.DoesNotContain("413", await AskAsync($"{head}Content-Length: {body.Length}\r\n\r\n{body}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_TakesRoomAsItComes_NotAsMuchAsWasAnnounced()
    {
        foreach (var announced in new long?[] { null, RequestFields.LargestBody })
        {
            var stream = new DrippingStream(new byte[RequestFields.LargestBody], piece: 1_000);
            var context = Context(stream, announced);
            Assert.Equal(RequestFields.LargestBody, (await RequestFields.ReadBodyAsync(context.Request))!.Value.Length);
            Assert.All(stream.Offered, offered => Assert.True(offered.Room <= offered.Before + RequestFields.LargestOpenBody, $"{offered.Room} bytes after {offered.Before}"));
        }
    }

    [Theory]
    [InlineData(RequestFields.LargestBody, true)]
    [InlineData(RequestFields.LargestBody + 1, false)]
    public async Task Body_OfTheLargestSizeIsRead_AndALargerOneIsNot(int size, bool isRead)
    {
        foreach (var announced in new long?[] { null, size })
            Assert.Equal(isRead, await RequestFields.ReadBodyAsync(Context(new DrippingStream(new byte[size], 8_000), announced).Request) is not null);
    }

    [Fact]
    public async Task Body_ThatStandsStill_IsGivenUp()
    {
        var context = Context(new DrippingStream(new byte[10], 10), 10);
        var rate = new Rate();
        context.Features.Set<IHttpMinRequestBodyDataRateFeature>(rate);
        await RequestFields.ReadBodyAsync(context.Request);
        Assert.Equal(RequestFields.SlowestBody, rate.MinDataRate);

        // The server itself heeds it: no byte comes, and it does not wait for ever.
        Assert.StartsWith("HTTP/1.1 408", await AskAsync("POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_OfMoreThanTheyMayHave_AreRefused()
    {
        var many = string.Concat(Enumerable.Range(0, 40).Select(i => $"X-{i}: {new string('a', 500)}\r\n"));
        Assert.StartsWith("HTTP/1.1 431", await AskAsync($"GET /api/status HTTP/1.1\r\nHost: x\r\n{many}\r\n"), StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static DefaultHttpContext Context(Stream body, long? length)
    {
        var context = new DefaultHttpContext();
        context.Features.Set(Caller.Administrator);
        context.Request.Body = body;
        context.Request.ContentLength = length;
        return context;
    }

    /// <summary>Sends this and nothing more, and gives what is answered first.</summary>
    private async Task<string> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Server.BoundPorts.Api, Cancel);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(request), Cancel);
        var buffer = new byte[4_096];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var answer = new StringBuilder();
        do
        {
            var read = await client.GetStream().ReadAsync(buffer, limit.Token);
            if (read == 0)
                break;
            answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        while (answer.ToString().StartsWith("HTTP/1.1 100", StringComparison.Ordinal));
        return answer.ToString();
    }

    private sealed class Rate : IHttpMinRequestBodyDataRateFeature
    {
        public MinDataRate? MinDataRate { get; set; }
    }

    /// <summary>Gives its bytes in pieces, and notes what room it was offered after how many.</summary>
    private sealed class DrippingStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public List<(int Room, long Before)> Offered { get; } = [];

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Offered.Add((buffer.Length, Position));
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, piece)], cancellationToken);
        }
    }
}
