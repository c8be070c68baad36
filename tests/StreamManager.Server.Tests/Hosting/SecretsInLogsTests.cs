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
}
