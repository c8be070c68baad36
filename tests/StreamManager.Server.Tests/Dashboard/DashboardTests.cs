using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using StreamManager.Server.Dashboard;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Tests.Dashboard;

/// <summary>How the built dashboard is served.</summary>
public sealed class DashboardTests : IAsyncLifetime
{
    private const string Index = "<!doctype html><title>the dashboard</title>";
    private const string Page = "text/html,application/xhtml+xml,*/*;q=0.8";

    private static readonly string Script = string.Concat(Enumerable.Repeat("console.log('the script');\n", 200));

    private readonly TemporaryFolder _folder = new();
    private RunningServer _server = null!;

    private string Built => _folder.File("wwwroot");

    public async ValueTask InitializeAsync()
    {
        Write("index.html", Index);
        Write("assets/app-h4sh.js", Script);
        Write("favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
        _server = await RunningServer.StartAsync(change: options => options with { DashboardDirectory = Built });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Index_IsAskedAboutEachTime_UnderAStrictPolicy()
    {
        using var answer = await GetAsync("/", Page);
        Assert.Equal((HttpStatusCode.OK, Index), (answer.StatusCode, await BodyAsync(answer)));
        Assert.Equal("text/html; charset=utf-8", $"{answer.Content.Headers.ContentType}");
        Assert.Equal("no-cache", $"{answer.Headers.CacheControl}");
        Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
        Assert.Equal("DENY", Header(answer, "X-Frame-Options"));
        var policy = Header(answer, "Content-Security-Policy").Split(';', StringSplitOptions.TrimEntries).Select(part => part.Split(' ')).ToDictionary(part => part[0], part => part[1..]);
        Assert.Equal(["'none'"], policy["default-src"]);
        Assert.Equal(["'self'"], policy["script-src"]);
        Assert.Equal(["'self'"], policy["style-src"]);
        Assert.Equal(["'self'"], policy["connect-src"]);
        Assert.Equal(["'none'"], policy["frame-ancestors"]);
        Assert.All(policy.Values.SelectMany(sources => sources), source => Assert.Contains(source, (string[])["'none'", "'self'", "blob:"]));

        using var again = await GetAsync("/", Page, request => request.Headers.IfNoneMatch.Add(answer.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Asset_WithAHashInItsName_IsKeptForever()
    {
        using var answer = await GetAsync("/assets/app-h4sh.js");
        Assert.Equal((HttpStatusCode.OK, Script), (answer.StatusCode, await BodyAsync(answer)));
        Assert.Equal("public, max-age=31536000, immutable", Header(answer, "Cache-Control"));
        Assert.Equal("text/javascript; charset=utf-8", $"{answer.Content.Headers.ContentType}");
        using var icon = await GetAsync("/favicon.svg");
        Assert.Equal(("no-cache", "image/svg+xml"), ($"{icon.Headers.CacheControl}", $"{icon.Content.Headers.ContentType}"));
    }

    [Theory]
    [InlineData("gzip, deflate, br", "br")]
    [InlineData("gzip, deflate", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("identity", null)]
    [InlineData("", null)]
    [InlineData("nonsense;;", null)]
    public async Task Asset_IsSentAsTheBuildCompressedIt(string accepted, string? encoding)
    {
        using var answer = await GetAsync("/assets/app-h4sh.js", change: request => request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted));
        Assert.Equal(encoding, answer.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Contains("Accept-Encoding", answer.Headers.Vary);
        var body = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await using Stream plain = encoding switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var reader = new StreamReader(plain);
        Assert.Equal(Script, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        if (encoding is not null)
            Assert.True(answer.Content.Headers.ContentLength < Script.Length / 4);
    }

    [Fact]
    public async Task Forms_OfOneFile_HaveTagsOfTheirOwn()
    {
        var tags = new List<string>();
        foreach (var accepted in (string[])["br", "gzip", "identity"])
        {
            using var answer = await GetAsync("/assets/app-h4sh.js", change: request => request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted));
            tags.Add(answer.Headers.ETag!.Tag);
        }

        Assert.Equal(3, tags.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Range_IsOfThePlainFile()
    {
        using var answer = await GetAsync("/assets/app-h4sh.js", change: request =>
        {
            request.Headers.Range = new RangeHeaderValue(8, 11);
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "br");
        });
        Assert.Equal((HttpStatusCode.PartialContent, Script[8..12]), (answer.StatusCode, await BodyAsync(answer)));
        using var beyond = await GetAsync("/assets/app-h4sh.js", change: request => request.Headers.Range = new RangeHeaderValue(1_000_000, null));
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "no-store"), (beyond.StatusCode, $"{beyond.Headers.CacheControl}"));
        using var other = await GetAsync("/assets/app-h4sh.js", change: request => request.Headers.IfMatch.Add(new EntityTagHeaderValue("\"another\"")));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "no-store"), (other.StatusCode, $"{other.Headers.CacheControl}"));
    }

    [Fact]
    public async Task Head_IsGetWithoutTheBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "/assets/app-h4sh.js");
        using var answer = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, Script.Length), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal("", await BodyAsync(answer));
    }

    [Theory]
    [InlineData("/setup")]
    [InlineData("/destinations")]
    [InlineData("/destinations/abc.def")]
    [InlineData("/media/a%20b")]
    [InlineData("/apiary")]
    public async Task Navigation_ToAnyPage_GetsTheIndex(string path)
    {
        using var answer = await GetAsync(path, Page);
        Assert.Equal((HttpStatusCode.OK, Index, "no-cache"), (answer.StatusCode, await BodyAsync(answer), $"{answer.Headers.CacheControl}"));
    }

    [Theory]
    [InlineData("/api/status", Page, HttpStatusCode.Unauthorized)]
    [InlineData("/api/nothing", Page, HttpStatusCode.Unauthorized)]
    [InlineData("/API/nothing", Page, HttpStatusCode.Unauthorized)]
    [InlineData("/preview/main.jpg", Page, HttpStatusCode.Unauthorized)]
    [InlineData("/openapi/v1.json", Page, HttpStatusCode.Unauthorized)]
    [InlineData("/assets/gone-0ld.js", Page, HttpStatusCode.NotFound)]
    [InlineData("/assets/gone-0ld.js", "*/*", HttpStatusCode.NotFound)]
    [InlineData("/destinations", "application/json", HttpStatusCode.NotFound)]
    [InlineData("/index.html.br", "*/*", HttpStatusCode.NotFound)]
    [InlineData("/assets", "*/*", HttpStatusCode.NotFound)]
    public async Task WhatIsNotTheDashboards_IsAnsweredAsBefore(string path, string accept, HttpStatusCode status)
    {
        using var answer = await GetAsync(path, accept);
        Assert.Equal((status, "application/problem+json"), (answer.StatusCode, $"{answer.Content.Headers.ContentType}"));
    }

    [Fact]
    public async Task Routes_BesideTheDashboard_AnswerAsBefore()
    {
        Assert.Equal(HttpStatusCode.OK, (await _server.SendAsync(HttpMethod.Get, "/api/setup", token: null)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _server.GetAsync("/api/status")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _server.SendAsync(HttpMethod.Post, "/", "{}", token: null)).Status);
    }

    // HttpClient tidies addresses up, so these are written by hand.
    [Theory]
    [InlineData("/../secret.txt")]
    [InlineData("/assets/../../secret.txt")]
    [InlineData("/%2e%2e/secret.txt")]
    [InlineData("/assets/..%2f..%2fsecret.txt")]
    [InlineData("/..%5csecret.txt")]
    [InlineData("//etc/passwd")]
    [InlineData("/assets//app-h4sh.js")]
    [InlineData("/%00")]
    public async Task Path_OutOfTheFolder_LeadsNowhere(string path)
    {
        await File.WriteAllTextAsync(_folder.File("secret.txt"), "the secret", TestContext.Current.CancellationToken);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Server.BoundPorts.Api, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Matches("^HTTP/1.1 (400|401|404) ", answer);
        Assert.DoesNotContain("the secret", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("the script", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OtherPorts_HaveNoDashboard()
    {
        var ports = _server.Server.BoundPorts;
        foreach (var port in (int[])[ports.Health, ports.Metrics, ports.WebSocket])
        {
            using var answer = await GetAsync($"http://127.0.0.1:{port}/index.html", Page);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Server_WithoutTheDashboard_SaysSoAndLeadsToTheSetup()
    {
        await using var bare = await RunningServer.StartAsync(change: options => options with { DashboardDirectory = _folder.File("nowhere") });
        Assert.False(bare.Server.HasDashboard);
        using var answer = await bare.Client.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
        var body = await BodyAsync(answer);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("was not built", body, StringComparison.Ordinal);
        Assert.Contains("href=\"/setup\"", body, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", Header(answer, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("setup.js", (await bare.SendAsync(HttpMethod.Get, "/setup", token: null)).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await bare.SendAsync(HttpMethod.Get, "/destinations", token: null)).Status);
    }

    [Fact]
    public void Folder_ThatIsNoDashboard_IsRefusedByName()
    {
        for (var index = 0; index < 2_000; index++)
            Write($"more/{index}", "");
        var refusal = Assert.Throws<StartupException>(() => DashboardFiles.Load(Built));
        Assert.Contains("DASHBOARD_DIR", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<string> BodyAsync(HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    private async Task<HttpResponseMessage> GetAsync(string path, string accept = "*/*", Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.RelativeOrAbsolute));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        change?.Invoke(request);
        return await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(Built, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var bytes = Encoding.UTF8.GetBytes(text);
        File.WriteAllBytes(path, bytes);
        if (!name.EndsWith(".js", StringComparison.Ordinal))
            return;
        using (var gzip = new GZipStream(File.Create(path + ".gz"), CompressionLevel.Optimal))
            gzip.Write(bytes);
        using var brotli = new BrotliStream(File.Create(path + ".br"), CompressionLevel.Optimal);
        brotli.Write(bytes);
    }
}
