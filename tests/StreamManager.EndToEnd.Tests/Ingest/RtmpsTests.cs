using StreamManager.EndToEnd.Tests.Support;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Ingest;

/// <summary>TLS on both sides: an encoder that comes by RTMPS, and a destination with an authority of its own.</summary>
public sealed class RtmpsTests
{
    private const string Key = "tls-key";

    private static readonly EncoderSettings Encoder = new();

    [Fact]
    public async Task RtmpsIn_RtmpsOut_IsDelivered()
    {
        using var authority = new TestCertificateAuthority();
        using var directory = new TemporaryDirectory();
        var (certificate, key) = authority.IssueServer().WriteTo(directory, "server");
        await using var nginx = await NginxRtmp.StartAsync();
        await using var tls = TlsRelay.Start(nginx.Port, authority.IssueServer("localhost"));
        await using var server = await ServerProcess.StartAsync(new ServerSettings
        {
            HasRtmps = true,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["TLS_CERTIFICATE"] = certificate, ["TLS_KEY"] = key },
        });
        await server.Api.AddDestinationAsync("secure", $"rtmps://localhost:{tls.Port}/live", Key, settings: new { trustedAuthority = authority.CertificatePem });

        await using var publisher = await FfmpegPublisher.StartAsync($"rtmps://localhost:{server.RtmpsPort}/live/{ServerProcess.MainKey}", Encoder);
        await server.Api.WaitForStateAsync("live");
        Assert.Equal("rtmps", Assert.Single(await server.Api.StreamsAsync()).Protocol);
        await nginx.WaitForRecordingAsync(Key, TimeSpan.FromSeconds(4));
        var row = (await server.Api.StatusAsync()).Destination("secure");
        Assert.Equal(("live", "delivering", 1, 0, null), (row.State, row.Verdict, row.Connects, row.FramesDropped, row.LastError));
        Assert.Equal(1, tls.Established);

        await publisher.StopAsync();
        await server.Api.WaitForStateAsync("fallback");
        await server.Api.StopAsync();
        await Eventually.TrueAsync(() => FlvRecording.Read(nginx.Recording(Key)).HasEndOfSequence);
        await nginx.StopAsync();
        RecordingJudge.AssertNoHole(nginx, Key, Encoder);
        Assert.Equal("", await FfmpegJudge.DecodeErrorsAsync(nginx.Recording(Key)));
    }
}
