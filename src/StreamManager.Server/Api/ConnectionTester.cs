using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using StreamManager.Engine.Outputs;
using StreamManager.Rtmp.Client;

namespace StreamManager.Server.Api;

/// <summary>Tries a destination without going live: everything up to the permission to publish, and then the intended end, without a picture.</summary>
internal sealed class ConnectionTester(TimeProvider time, ILogger<ConnectionTester> logger)
{
    /// <summary>The whole test: longer than any of the client's own limits needs to be.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Tests at once: every destination of a big show in some rounds, and no scanner of networks.</summary>
    public const int MostAtOnce = 8;

    private int _running;

    /// <summary>Tries it. Never throws for what a peer does. Null: too many are being tried already.</summary>
    public async Task<ConnectionTestDocument?> TestAsync(DestinationDefinition destination, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _running) > MostAtOnce)
        {
            Interlocked.Decrement(ref _running);
            return null;
        }

        try
        {
            return await TryAsync(destination, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task<ConnectionTestDocument> TryAsync(DestinationDefinition destination, CancellationToken cancellationToken)
    {
        if (!RtmpDestinationUrl.TryParse(destination.Url, destination.StreamKey, out var url, out var error))
            return new ConnectionTestDocument(false, "address", error);
        var options = new RtmpPublishOptions
        {
            Destination = url,
            AllowUntrustedCertificate = destination.Settings.AllowUntrustedCertificate,
            ExtraTrustedRoots = Roots(destination.Settings.TrustedAuthority),
        };
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            switch (await RtmpPublisher.ConnectAsync(options, time, logger, either.Token))
            {
                case RtmpPublishResult.Connected connected:
                    await using (connected.Connection)
                        await connected.Connection.EndAsync(either.Token);
                    return new ConnectionTestDocument(true, Word(RtmpConnectStage.Publish), "The server granted the publish.");
                case RtmpPublishResult.Failed { Failure: var failure }:
                    return new ConnectionTestDocument(false, Word(failure.Stage), failure.Detail);
                default:
                    throw new InvalidOperationException("A publish result is neither granted nor failed.");
            }
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return new ConnectionTestDocument(false, Word(RtmpConnectStage.Connect), "There was no result in time.");
        }
    }

    private static string Word(RtmpConnectStage stage) => JsonNamingPolicy.CamelCase.ConvertName(stage.ToString());

    private static X509Certificate2Collection? Roots(string? pem)
    {
        if (pem is null)
            return null;
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(pem);
        return roots;
    }
}
