using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Client;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;
using StreamManager.TestKit.Rtmp;
using static StreamManager.TestKit.Rtmp.ScriptedRtmpServer;

namespace StreamManager.Rtmp.Tests.Client;

public sealed class RtmpPublisherTests
{
    private const string Key = "live_abc123";

    private static RtmpPublishOptions Options(int port, string app = "live", string user = "", bool tls = false, string host = "127.0.0.1")
    {
        Assert.True(RtmpDestinationUrl.TryParse($"{(tls ? "rtmps" : "rtmp")}://{user}{host}:{port}/{app}", Key, out var destination, out var error), error);
        return new RtmpPublishOptions { Destination = destination };
    }

    private static Task<RtmpPublishResult> ConnectAsync(RtmpPublishOptions options, TimeProvider? time = null) =>
        RtmpPublisher.ConnectAsync(options, time ?? TimeProvider.System, NullLogger.Instance, TestContext.Current.CancellationToken);

    private static async Task<RtmpFailure> FailAsync(RtmpPublishOptions options, TimeProvider? time = null)
    {
        var result = await ConnectAsync(options, time);
        if (result is RtmpPublishResult.Connected connected)
            await connected.Connection.DisposeAsync();
        var failure = Assert.IsType<RtmpPublishResult.Failed>(result).Failure;
        Assert.DoesNotContain(Key, failure.Detail, StringComparison.Ordinal);
        return failure;
    }

    private static Task NeverAsync() => Task.Delay(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken);

    private static RtmpMessage Status(string level, string code, string description) => RtmpCommand.OnStatus(new RtmpStatus(level, code, description)).ToMessage(1);

    [Fact]
    public async Task Connect_Granted_SaysWhatAnEncoderSays()
    {
        RtmpCommand? connect = null;
        List<(string Name, string? First)> commands = [];
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            connect = await ReadConnectAsync(peer);
            await GrantConnectAsync(peer);
            while (commands.Count < 4)
            {
                if (await peer.ReadAsync() is not { Type: RtmpMessageType.CommandAmf0 } message)
                    continue;
                var command = RtmpCommand.Read(message);
                commands.Add((command.Name, command.TextArgument(0)));
                // An error for releaseStream is what some servers say; it means nothing.
                if (command.Name == "releaseStream")
                    await peer.SendAsync(RtmpCommand.Error(command.TransactionId, "NetConnection.Call.Failed", "").ToMessage());
                if (command.Name == "createStream")
                    await peer.SendAsync(RtmpCommand.Result(command.TransactionId, AmfValue.NullValue, 7.0).ToMessage());
            }

            Assert.Equal(60_000, peer.PeerChunkSize);
            await GrantPublishAsync(peer);
            await peer.ReadToEndAsync();
        });
        var options = Options(server.Port, "live2?backup=1", "bob:pw@") with { FourCcList = ["av01", "hvc1"] };
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(options)).Connection;

        Assert.Equal((7u, 60_000, true), (connection.MessageStreamId, connection.OutgoingChunkSize, connection.SupportsDirectSend));
        Assert.Equal([("releaseStream", Key), ("FCPublish", Key), ("createStream", null), ("publish", Key)], commands);
        var said = connect!.CommandObject;
        Assert.Equal("live2?backup=1", said.FindString("app"));
        Assert.Equal($"rtmp://127.0.0.1:{server.Port}/live2?backup=1", said.FindString("tcUrl"));
        Assert.StartsWith("FMLE/3.0 (compatible;", said.FindString("flashVer"), StringComparison.Ordinal);
        Assert.Equal(["av01", "hvc1"], Assert.IsType<AmfValue.StrictArray>(said.Find("fourCcList")).Items);
    }

    [Fact]
    public async Task Publish_AnsweredWithAResultOnly_IsGranted()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantUntilPublishAsync(peer);
            await peer.SendAsync(RtmpCommand.Result(5, AmfValue.NullValue, AmfValue.UndefinedValue).ToMessage());
            await peer.ReadToEndAsync();
        });
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(Options(server.Port))).Connection;
    }

    [Theory]
    [InlineData("error", "NetStream.Publish.BadName", "key live_abc123\r\nis in use", "NetStream.Publish.BadName: key ***  is in use")]
    [InlineData("status", "NetStream.Publish.Rejected", "", "NetStream.Publish.Rejected")]
    [InlineData("error", "Some.Other.Code", "no", "Some.Other.Code: no")]
    public async Task Publish_Rejected_IsToldInTheServersWords(string level, string code, string description, string words)
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantUntilPublishAsync(peer);
            await peer.SendAsync(Status(level, code, description));
            await peer.ReadToEndAsync();
        });
        var failure = await FailAsync(Options(server.Port));
        Assert.Equal((RtmpConnectStage.Publish, RtmpFailureKind.Rejected), (failure.Stage, failure.Kind));
        Assert.EndsWith(words, failure.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, RtmpConnectStage.Handshake, RtmpFailureKind.Closed, "handshake")]
    [InlineData(1, RtmpConnectStage.ConnectCommand, RtmpFailureKind.Closed, "application")]
    [InlineData(2, RtmpConnectStage.CreateStream, RtmpFailureKind.Closed, "createStream")]
    [InlineData(3, RtmpConnectStage.Publish, RtmpFailureKind.Closed, "most likely the stream key is wrong")]
    public async Task ServerCloses_AtAnyStage_SaysWhere(int stages, RtmpConnectStage stage, RtmpFailureKind kind, string words)
    {
        await using var server = new ScriptedRtmpServer((peer, _) => ServeStagesAsync(peer, stages));
        var failure = await FailAsync(Options(server.Port));
        Assert.Equal((stage, kind), (failure.Stage, failure.Kind));
        Assert.Contains(words, failure.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, RtmpConnectStage.Handshake, RtmpFailureKind.Unreachable)]
    [InlineData(1, RtmpConnectStage.ConnectCommand, RtmpFailureKind.TimedOut)]
    [InlineData(2, RtmpConnectStage.CreateStream, RtmpFailureKind.TimedOut)]
    [InlineData(3, RtmpConnectStage.Publish, RtmpFailureKind.TimedOut)]
    public async Task ServerNeverAnswers_AtAnyStage_TimesOut(int stages, RtmpConnectStage stage, RtmpFailureKind kind)
    {
        var time = new ManualTimeProvider();
        var isSilent = new TaskCompletionSource();
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ServeStagesAsync(peer, stages);
            isSilent.SetResult();
            await NeverAsync();
        });
        var connecting = FailAsync(Options(server.Port), time);
        await isSilent.Task;
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return connecting.IsCompleted;
        });
        var failure = await connecting;
        Assert.Equal((stage, kind), (failure.Stage, failure.Kind));
    }

    private static async Task ServeStagesAsync(ScriptedRtmpPeer peer, int stages)
    {
        if (stages == 3)
            await GrantUntilPublishAsync(peer);
        if (stages is 1 or 2)
            await ReadConnectAsync(peer);
        if (stages == 2)
        {
            await GrantConnectAsync(peer);
            await peer.ReadCommandAsync("createStream");
        }
    }

    [Fact]
    public async Task Garbage_InsteadOfAHandshake_IsTold()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await peer.SendRawAsync(Encoding.ASCII.GetBytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
            await NeverAsync();
        });
        var failure = await FailAsync(Options(server.Port));
        Assert.Equal((RtmpConnectStage.Handshake, RtmpFailureKind.Closed), (failure.Stage, failure.Kind));
        Assert.Contains("does not speak RTMP", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_AfterTheHandshake_IsTold()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ReadConnectAsync(peer);
            await peer.SendRawAsync(Enumerable.Repeat((byte)0xEF, 5000).ToArray());
            await peer.ReadToEndAsync();
        });
        Assert.Equal(RtmpFailureKind.Closed, (await FailAsync(Options(server.Port))).Kind);
    }

    [Fact]
    public async Task EndlessChatter_InsteadOfAnAnswer_IsGivenUp()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ReadConnectAsync(peer);
            for (var i = 0; i < 2000; i++)
                await peer.SendAsync(RtmpCommand.Create("onBWDone", 0).ToMessage());
        });
        Assert.Contains("without end", (await FailAsync(Options(server.Port))).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedPort_IsUnreachable()
    {
        var failure = await FailAsync(Options(FreePort.Next()));
        Assert.Equal((RtmpConnectStage.Connect, RtmpFailureKind.Unreachable), (failure.Stage, failure.Kind));
    }

    [Fact]
    public async Task UnknownName_IsUnreachable()
    {
        var failure = await FailAsync(Options(1935, host: "no-such-host.invalid"));
        Assert.Equal((RtmpConnectStage.Resolve, RtmpFailureKind.Unreachable), (failure.Stage, failure.Kind));
    }

    [Fact]
    public async Task NameWithTwoAddresses_TheSecondIsTried()
    {
        // The listener is on 127.0.0.1 only; "localhost" may yield ::1 first.
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await GrantUntilPublishAsync(peer);
            await GrantPublishAsync(peer);
            await peer.ReadToEndAsync();
        });
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(Options(server.Port, host: "localhost"))).Connection;
    }

    [Fact]
    public async Task Cancelled_IsALocalFailure()
    {
        await using var server = new ScriptedRtmpServer((_, _) => NeverAsync());
        using var cancel = new CancellationTokenSource();
        var connecting = RtmpPublisher.ConnectAsync(Options(server.Port), TimeProvider.System, NullLogger.Instance, cancel.Token);
        await Eventually.TrueAsync(() => server.Connections == 1);
        await cancel.CancelAsync();
        Assert.Equal(RtmpFailureKind.Local, Assert.IsType<RtmpPublishResult.Failed>(await connecting).Failure.Kind);
    }

    [Fact]
    public async Task Redirect_IsFollowedWithTheKey()
    {
        string? app = null;
        await using var target = new ScriptedRtmpServer(async (peer, _) =>
        {
            app = (await GrantUntilPublishAsync(peer)).CommandObject.FindString("app");
            await GrantPublishAsync(peer);
            await peer.ReadToEndAsync();
        });
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ReadConnectAsync(peer);
            await RedirectAsync(peer, $"rtmp://127.0.0.1:{target.Port}/other");
        });
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(Options(server.Port))).Connection;
        Assert.Equal("other", app);
    }

    [Fact]
    public async Task Redirect_WithoutEnd_IsGivenUp()
    {
        var port = 0;
        await using var server = new ScriptedRtmpServer(async (peer, _) =>
        {
            await ReadConnectAsync(peer);
            await RedirectAsync(peer, $"rtmp://127.0.0.1:{port}/live");
        });
        port = server.Port;
        var failure = await FailAsync(Options(server.Port));
        Assert.Equal(RtmpFailureKind.Rejected, failure.Kind);
        Assert.Equal(4, server.Connections);
    }

    private static ValueTask RedirectAsync(ScriptedRtmpPeer peer, string url) => peer.SendAsync(new RtmpCommand("_error", 1, AmfValue.NullValue, [
        new RtmpStatus(RtmpStatus.ErrorLevel, RtmpStatusCodes.ConnectRejected, "RTMP 302 Redirect").ToValue(
            new AmfProperty("ex", new AmfValue.Object([new("code", 302.0), new("redirect", url)])))]).ToMessage());

    [Fact]
    public async Task AdobeAuthentication_RightPassword_IsGrantedOnTheThirdConnection()
    {
        List<string> apps = [];
        await using var server = new ScriptedRtmpServer((peer, number) => ServeAdobeAsync(peer, number, apps));
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(Options(server.Port, user: "bob:hunter2@"))).Connection;
        Assert.Equal(["live", "live?authmod=adobe&user=bob"], apps[..2]);
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task AdobeAuthentication_WrongPassword_IsRejected()
    {
        await using var server = new ScriptedRtmpServer((peer, number) => ServeAdobeAsync(peer, number, []));
        var failure = await FailAsync(Options(server.Port, user: "bob:wrong@"));
        Assert.Equal((RtmpConnectStage.ConnectCommand, RtmpFailureKind.Rejected), (failure.Stage, failure.Kind));
        Assert.Contains("password", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AdobeAuthentication_NoUserConfigured_AsksForOne()
    {
        await using var server = new ScriptedRtmpServer((peer, number) => ServeAdobeAsync(peer, number, []));
        Assert.Contains("asks for a user name", (await FailAsync(Options(server.Port))).Detail, StringComparison.Ordinal);
        Assert.Equal(1, server.Connections);
    }

    // As captured from a server that ffmpeg authenticated to.
    private static async Task ServeAdobeAsync(ScriptedRtmpPeer peer, int number, List<string> apps)
    {
        const string salt = "c2FsdA==", challenge = "Y2hhbA==", opaque = "b3BhcXVl";
        var connect = await ReadConnectAsync(peer);
        var app = connect.CommandObject.FindString("app")!;
        apps.Add(app);
        Assert.EndsWith(app, connect.CommandObject.FindString("tcUrl"), StringComparison.Ordinal);
        var values = app.Split('?', 2) is [_, var query] ? query.Split('&').Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]) : [];
        var refusal = number switch
        {
            0 => "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ",
            1 => $"[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=bob&salt={salt}&challenge={challenge}&opaque={opaque}",
            _ => values["response"] == RtmpAuthentication.AdobeResponse("bob", "hunter2", salt, challenge, opaque, values["challenge"]) && values["opaque"] == opaque
                ? null
                : "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=authfailed&opaque=" + opaque,
        };
        if (refusal is not null)
        {
            await peer.SendAsync(RtmpCommand.Error(1, RtmpStatusCodes.ConnectRejected, refusal).ToMessage());
            return;
        }

        await GrantConnectAsync(peer);
        var create = await peer.ReadCommandAsync("createStream");
        await peer.SendAsync(RtmpCommand.Result(create.TransactionId, AmfValue.NullValue, 1.0).ToMessage());
        await peer.ReadCommandAsync("publish");
        await GrantPublishAsync(peer);
        await peer.ReadToEndAsync();
    }

    [Fact]
    public async Task Tls_PrivateAuthorityTrusted_IsGrantedWithServerName()
    {
        using var authority = new TestCertificateAuthority();
        await using var server = TlsServer(authority.IssueServer("localhost").ToX509());
        var options = Options(server.Port, tls: true, host: "localhost") with { ExtraTrustedRoots = [authority.Certificate] };
        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(options)).Connection;
        Assert.False(connection.SupportsDirectSend);
        Assert.Equal("localhost", server.ServerName);
        Assert.True(await connection.SendAsync(Array.Empty<byte>(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("unknown", "not signed by a known authority")]
    [InlineData("expired", "expired")]
    [InlineData("wrong name", "for another name")]
    public async Task Tls_BadCertificate_SaysWhatIsWrong(string fault, string words)
    {
        using var authority = new TestCertificateAuthority();
        var certificate = fault == "expired" ? authority.IssueExpiredServer("localhost") : authority.IssueServer(fault == "wrong name" ? "elsewhere.example" : "localhost");
        await using var server = TlsServer(certificate.ToX509());
        var options = Options(server.Port, tls: true, host: "localhost");
        if (fault != "unknown")
            options = options with { ExtraTrustedRoots = [authority.Certificate] };
        var failure = await FailAsync(options);
        Assert.Equal((RtmpConnectStage.Tls, RtmpFailureKind.Unreachable), (failure.Stage, failure.Kind));
        Assert.Contains(words, failure.Detail, StringComparison.Ordinal);

        await using var connection = Assert.IsType<RtmpPublishResult.Connected>(await ConnectAsync(options with { AllowUntrustedCertificate = true })).Connection;
    }

    [Fact]
    public async Task Tls_ServerSpeaksPlainRtmp_IsTold()
    {
        await using var server = new ScriptedRtmpServer(async (peer, _) => await peer.SendRawAsync(new byte[] { 3, 0, 0, 0, 0, 0, 0, 0, 0 }));
        var failure = await FailAsync(Options(server.Port, tls: true));
        Assert.Equal((RtmpConnectStage.Tls, RtmpFailureKind.Unreachable), (failure.Stage, failure.Kind));
    }

    private static ScriptedRtmpServer TlsServer(System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) => new(
        async (peer, _) =>
        {
            await GrantUntilPublishAsync(peer);
            await GrantPublishAsync(peer);
            await peer.ReadToEndAsync();
        },
        certificate);
}
