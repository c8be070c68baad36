using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using StreamManager.Server.Api;
using StreamManager.Server.Library;
using StreamManager.Server.Options;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Server.Tests.Library;

/// <summary>What a client sees whose large upload is refused while it still sends.</summary>
public sealed class RefusedUploadTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_ThatGoesOnSending_IsCutOffAfterAMoment()
    {
        var clock = new ManualTimeProvider();
        var body = new Pipe();
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext();
        var answer = new MemoryStream();
        context.Response.Body = answer;
        context.Request.Body = body.Reader.AsStream();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        var refusing = new RefusedUpload(Problem.Internal, clock).ExecuteAsync(context);
        for (var moment = 0; moment < 9; moment++)
        {
            await body.Writer.WriteAsync(new byte[1_000], Cancel);
            clock.Advance(RefusedUpload.Linger / 10);
        }

        // Not before the client could read it.
        Assert.False(refusing.IsCompleted);
        Assert.False(lifetime.IsAborted);
        Assert.Equal("close", context.Response.Headers.Connection.ToString());
        Assert.Equal("internal_error", JsonDocument.Parse(answer.ToArray()).RootElement.GetProperty("code").GetString());
        clock.Advance(RefusedUpload.Linger / 10);
        await refusing;
        Assert.True(lifetime.IsAborted);
    }

    [Theory]
    [InlineData("POST", "/api/upload")]
    [InlineData("PATCH", "/api/uploads/ID")]
    public async Task Curl_WithALargeFile_HasTheAnswer(string method, string path)
    {
        using var folder = new TemporaryFolder();
        await using var server = await RunningServer.StartAsync(folder: folder, change: options => options with { Media = new MediaOptions { UploadLimit = 100 << 20 } });
        var file = folder.File("large.bin");
        await using (var large = File.Create(file))
            large.SetLength(400 << 20);
        string[] what = ["-F", $"file=@{file}"];
        if (method == "PATCH")
        {
            path = await new PartClient(server.Client).BeginGoodAsync(10 << 20);
            what = ["-T", file, "-H", $"Content-Type: {PartClient.PartType}", "-H", "Upload-Offset: 0"];
        }

        foreach (var expectation in new[] { "Expect:", "Expect: 100-continue" })
        {
            var result = await ChildProcess.RunAsync(
                "curl",
                [
                    "-sS", "-X", method, .. what, "-H", expectation, "-H", $"Authorization: Bearer {RunningServer.Token}", "-o", folder.File("answer.json"), "-w", "%{http_code}",
                    $"http://127.0.0.1:{server.Server.BoundPorts.Api}{path}",
                ]);
            Assert.Equal((0, "413"), (result.ExitCode, Encoding.ASCII.GetString(result.Output)));
            Assert.Equal("upload_too_large", JsonDocument.Parse(await File.ReadAllTextAsync(folder.File("answer.json"), Cancel)).RootElement.GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Client_ThatNeverStops_ReadsTheAnswerAndThenTheEnd()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { Media = new MediaOptions { UploadLimit = 1 << 20 } });
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Server.BoundPorts.Api, Cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {RunningServer.Token}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 900000000000\r\n\r\n"), Cancel);
        var sending = Task.Run(
            async () =>
            {
                try
                {
                    while (true)
                        await stream.WriteAsync(new byte[100_000], Cancel);
                }
                catch (IOException)
                {
                    return true;
                }
            },
            Cancel);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync(Cancel));
        var head = "";
        while (await reader.ReadLineAsync(Cancel) is { Length: > 0 } line)
            head += line + "\n";
        Assert.Contains("Connection: close", head, StringComparison.Ordinal);
        Assert.True(await sending);

        // Nobody else notices.
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/media")).Status);
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; private set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }
}
