using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Tests.Webhooks;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;
using StreamManager.TestKit.Rtmp;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>Whatever is logged, at the lowest level and also of failures, holds no secret.</summary>
public sealed class SecretsInLogsTests
{
    private static readonly string[] Secrets =
        ["ingest-s3cret", "delivered-s3cret", "refused-s3cret", "unreachable-s3cret", "rekeyed-s3cret", "query-s3cret", "user-s3cret", "guess-s3cret", RunningServer.Token];

    [Fact]
    public async Task EverythingLogged_WhileDestinationsWorkAndFail_HoldsNoKey()
    {
        await using var nginx = await NginxRtmp.StartAsync([new NginxApplication("live"), new NginxApplication("closed") { RefusePublish = true }]);
        await using var server = await RunningServer.StartAsync($$"""
            ingest_key: ingest-s3cret
            destinations:
              - { name: Delivered, url: "{{nginx.ServerUrl()}}", stream_key: delivered-s3cret }
              - { name: Refused, url: "{{nginx.ServerUrl("closed")}}", stream_key: "refused-s3cret?sig=query-s3cret" }
              - { name: Unreachable, url: "rtmp://somebody:user-s3cret@127.0.0.1:{{FreePort.Next()}}/live", stream_key: unreachable-s3cret }

            """);
        var media = await EncodedMedia.LoadAsync(new EncoderSettings(), TimeSpan.FromSeconds(60));
        await using (var encoder = await ScriptedEncoder.PublishAsync(server.Server.BoundPorts.Rtmp, "ingest-s3cret"))
        {
            var sending = encoder.SendAsync(media.All);
            _ = sending.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedEncoder.PublishAsync(server.Server.BoundPorts.Rtmp, "guess-s3cret"));
            await server.WaitForAsync("/api/status", status => status.GetProperty("destinations").EnumerateArray().All(row =>
                row.GetProperty("name").GetString() == "Delivered" ? row.GetProperty("framesSent").GetInt64() > 30 : row.GetProperty("lastError").GetString() is not null));
            var id = (await server.GetAsync("/api/destinations")).Json.EnumerateArray().First().GetProperty("id").GetString();
            await server.SendAsync(HttpMethod.Put, $"/api/destinations/{id}", """{ "streamKey": "rekeyed-s3cret" }""");
            await nginx.WaitForRecordingAsync("rekeyed-s3cret");
        }
        var status = (await server.GetAsync("/api/status")).Text + (await server.GetAsync("/api/destinations")).Text;
        await server.PostAsync("/api/stop");

        Assert.Contains("Debug", server.Log, StringComparison.Ordinal);
        foreach (var secret in Secrets)
        {
            Assert.DoesNotContain(secret, server.Log, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, status, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EverythingLoggedAndAnswered_OfWebhooksThatWorkAndFail_HoldsNoSecret()
    {
        using var folder = new TemporaryFolder();
        await using var works = await WebhookReceiver.StartAsync();
        await using var refuses = await WebhookReceiver.StartAsync(status: 500);
        await using var decides = await WebhookReceiver.StartAsync();
        var made = new List<(string Address, string Secret)>();
        var said = new StringBuilder();
        string log;
        await using (var server = await RunningServer.StartAsync("webhook_allow_private_addresses: true\ningest_key: ingest-s3cret\n", folder))
        {
            async Task<Answer> SayAsync(HttpMethod method, string path, string? json = null)
            {
                var answer = await server.SendAsync(method, path, json);
                said.AppendLine(answer.Text);
                return answer;
            }

            async Task<Answer> MakeAsync(string fields)
            {
                var answer = await server.PostAsync("/api/webhooks", fields);
                Assert.Equal(HttpStatusCode.Created, answer.Status);
                made.Add(("/api/webhooks/" + answer.Json.GetProperty("id").GetString(), answer.Json.GetProperty("secret").GetString()!));
                return answer;
            }

            await MakeAsync($$"""{ "url": "{{works.Url}}?token=address-s3cret", "events": ["program.*", "audit.*"] }""");
            await MakeAsync($$"""{ "url": "{{refuses.Url}}?token=address-s3cret", "events": ["*"] }""");
            await MakeAsync($$"""{ "url": "http://127.0.0.1:{{FreePort.Next()}}/?token=address-s3cret", "events": ["*"] }""");
            await MakeAsync($$"""{ "url": "https://127.0.0.1:{{works.Port}}/?token=address-s3cret", "events": ["*"] }""");
            await MakeAsync($$"""{ "url": "{{decides.Url}}?token=address-s3cret", "events": [], "decides": ["connection.prePublish"] }""");

            // Receivers that give back what they know.
            refuses.AnswerWith(500, body: made[1].Secret);
            var known = made[4].Secret;
            decides.Answer = (context, _) => context.Response.WriteAsJsonAsync(new { allow = false, reason = known });
            server.Server.Events.Publish(new ServerEvent(ServerEvent.NewId(), "program.test", TimeProvider.System.GetUtcNow(), "main", null, []));
            await works.WaitForAsync(1);
            await refuses.WaitForAsync(1);
            await Assert.ThrowsAsync<InvalidOperationException>(() => ScriptedEncoder.PublishAsync(server.Server.BoundPorts.Rtmp, "ingest-s3cret"));
            foreach (var (address, secret) in made.ToArray())
            {
                await SayAsync(HttpMethod.Post, address + "/test");
                await SayAsync(HttpMethod.Put, address, $$"""{ "secret": "{{secret}}" }""");
                await SayAsync(HttpMethod.Put, address, "{ \"events\": [\"" + secret + "\"");
                var rotated = await server.PostAsync(address + "/rotate-secret");
                Assert.Equal(HttpStatusCode.OK, rotated.Status);
                made.Add((address, rotated.Json.GetProperty("secret").GetString()!));
                await SayAsync(HttpMethod.Post, address + "/test");
                await SayAsync(HttpMethod.Get, address);
                await SayAsync(HttpMethod.Get, address + "/deliveries");
            }

            // What the server itself noted of the failures.
            await server.WaitForAsync("/api/webhooks", list => list.EnumerateArray().Count(one => one.GetProperty("lastFailure").ValueKind is JsonValueKind.Object) == 3);
            await SayAsync(HttpMethod.Get, "/api/webhooks");
            await SayAsync(HttpMethod.Get, "/api/logs");
            await SayAsync(HttpMethod.Get, "/api/events?limit=1000");
            await SayAsync(HttpMethod.Get, "/metrics");
            log = server.Log;
        }

        log += await ExportAsync(folder, withSecrets: false) + await ExportAsync(folder, withSecrets: true);
        Assert.Equal(10, made.Count);
        Assert.DoesNotContain("address-s3cret", log, StringComparison.Ordinal);
        foreach (var (_, secret) in made)
        {
            var bare = secret["whsec_".Length..];
            foreach (var form in new[] { bare, bare.Replace("+", "\\u002B", StringComparison.Ordinal), bare.Replace("+", "\\\\u002B", StringComparison.Ordinal) })
            {
                Assert.DoesNotContain(form, log, StringComparison.Ordinal);
                Assert.DoesNotContain(form, said.ToString(), StringComparison.Ordinal);
            }
        }
    }

    private static async Task<string> ExportAsync(TemporaryFolder folder, bool withSecrets)
    {
        var path = folder.File($"export-{withSecrets}.json");
        var options = OptionsLoader.Load(new Dictionary<string, string>(), folder.Path);
        var told = new StringWriter();
        Assert.Equal(0, await TransferCommands.ExportAsync(options, path, withSecrets, withSecrets ? "a passphrase of words" : null, told, told, CancellationToken.None));
        return told + await File.ReadAllTextAsync(path, CancellationToken.None);
    }
}
