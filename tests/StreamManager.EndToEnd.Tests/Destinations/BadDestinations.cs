using System.Net;
using System.Net.Sockets;
using StreamManager.TestKit;
using StreamManager.TestKit.Media;

namespace StreamManager.EndToEnd.Tests.Destinations;

/// <summary>One of every kind of bad destination, in front of a nginx where they need a real server behind them.</summary>
internal sealed class BadDestinations : IAsyncDisposable
{
    private readonly TcpListener _silent = new(IPAddress.Loopback, 0);
    private readonly TestCertificateAuthority _authority = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly NginxRtmp _nginx;
    private readonly TcpRelay _unread;
    private readonly TcpRelay _slow;
    private readonly TcpRelay _resetting;
    private readonly TlsRelay _untrusted;
    private readonly Task _resets;

    private BadDestinations(NginxRtmp nginx)
    {
        _nginx = nginx;
        _silent.Start();
        _unread = TcpRelay.Start(nginx.Port);
        _slow = TcpRelay.Start(nginx.Port);
        _slow.BytesPerSecond = 10_000 / 8;
        _resetting = TcpRelay.Start(nginx.Port);
        _untrusted = TlsRelay.Start(nginx.Port, _authority.IssueServer());
        _resets = ResetEachSecondAsync();
    }

    /// <summary>Refuses TCP: nobody listens.</summary>
    public string RefusesTcp { get; } = Url(FreePort.Next());

    /// <summary>A name that does not resolve (RFC 6761 section 6.4 keeps it so).</summary>
    public string UnknownName { get; } = "rtmp://no-such-host.invalid/live";

    /// <summary>Accepts TCP and never says a byte.</summary>
    public string NeverAnswers => Url(((IPEndPoint)_silent.LocalEndpoint).Port);

    /// <summary>Grants the publish; after <see cref="StopReading"/> it reads nothing more.</summary>
    public string NeverReads => Url(_unread.Port);

    /// <summary>Reads at 10 kbit/s.</summary>
    public string ReadsSlowly => Url(_slow.Port);

    /// <summary>Resets its connections every second.</summary>
    public string Resets => Url(_resetting.Port);

    /// <summary>TLS with a certificate of an authority that nobody knows.</summary>
    public string UnknownAuthority => $"rtmps://127.0.0.1:{_untrusted.Port}/live";

    /// <summary>TLS handshakes that came to their end with <see cref="UnknownAuthority"/>.</summary>
    public int TrustedTheUnknown => _untrusted.Established;

    /// <summary>Refuses every key.</summary>
    public string RejectsTheKey => _nginx.ServerUrl("refusing");

    /// <summary>Starts them.</summary>
    public static async Task<BadDestinations> StartAsync() =>
        new(await NginxRtmp.StartAsync([new NginxApplication("live"), new NginxApplication("refusing") { RefusePublish = true }]));

    /// <summary>From now on <see cref="NeverReads"/> reads nothing.</summary>
    public void StopReading() => _unread.Stall();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _resets;
        _silent.Dispose();
        await _unread.DisposeAsync();
        await _slow.DisposeAsync();
        await _resetting.DisposeAsync();
        await _untrusted.DisposeAsync();
        await _nginx.DisposeAsync();
        _authority.Dispose();
        _stop.Dispose();
    }

    private static string Url(int port) => $"rtmp://127.0.0.1:{port}/live";

    private async Task ResetEachSecondAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                _resetting.ResetAll();
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
