using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Webhooks;

/// <summary>What a receiver got.</summary>
internal sealed record ReceivedWebhook(string Path, string Host, string Id, string Timestamp, string Signature, string Body)
{
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeSeconds(long.Parse(Timestamp, CultureInfo.InvariantCulture));

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>Verifies as a receiver does, by the words of the specification and without the product's code.</summary>
    public bool IsSignedWith(string secret)
    {
        using var mac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        var wanted = "v1," + Convert.ToBase64String(mac.ComputeHash(Encoding.UTF8.GetBytes(Id + "." + Timestamp + "." + Body)));
        return Signature.Split(' ').Contains(wanted, StringComparer.Ordinal);
    }
}

/// <summary>A real HTTP server on this machine that keeps what it gets and answers as the test wants.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;

    private WebhookReceiver(WebApplication application, string scheme)
    {
        _application = application;
        Port = new Uri(application.Urls.Single()).Port;
        Url = $"{scheme}://127.0.0.1:{Port}/hook";
    }

    public string Url { get; }

    public int Port { get; }

    public ConcurrentQueue<ReceivedWebhook> Received { get; } = new();

    /// <summary>How it answers; default: 204.</summary>
    public Func<HttpContext, ReceivedWebhook, Task> Answer { get; set; } = (context, _) =>
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    public static async Task<WebhookReceiver> StartAsync(TestCertificate? certificate = null, int status = 204)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (certificate is not null)
                listen.UseHttps(certificate.ToX509());
        }));
        var application = builder.Build();
        WebhookReceiver? receiver = null;
        application.Run(context => receiver!.TakeAsync(context));
        await application.StartAsync();
        receiver = new WebhookReceiver(application, certificate is null ? "http" : "https");
        receiver.AnswerWith(status);
        return receiver;
    }

    public void AnswerWith(int status, string? retryAfter = null, string body = "") => Answer = async (context, _) =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
            context.Response.Headers.RetryAfter = retryAfter;
        if (body.Length > 0)
            await context.Response.WriteAsync(body);
    };

    public Task WaitForAsync(int count) => Eventually.TrueAsync(() => Received.Count >= count, describe: () => $"{Received.Count} of {count} came");

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        try
        {
            await _application.StopAsync(now.Token);
        }
        catch (OperationCanceledException)
        {
            // Requests that hang are cut.
        }

        await _application.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var headers = context.Request.Headers;
        var received = new ReceivedWebhook(
            context.Request.Path, context.Request.Host.Value!, headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(), await reader.ReadToEndAsync());
        Received.Enqueue(received);
        await Answer(context, received);
    }
}
