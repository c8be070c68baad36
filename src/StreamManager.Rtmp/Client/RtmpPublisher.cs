using Microsoft.Extensions.Logging;

namespace StreamManager.Rtmp.Client;

/// <summary>Connects to ingest servers as an encoder does.</summary>
public static class RtmpPublisher
{
    /// <summary>
    /// Connects, authenticates where asked (Adobe or Limelight scheme, a new TCP connection per step), follows redirects, and publishes. Never throws for what a network or a peer does;
    /// a cancelled attempt is a failure of kind <see cref="RtmpFailureKind.Local"/>.
    /// </summary>
    public static async Task<RtmpPublishResult> ConnectAsync(RtmpPublishOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var destination = options.Destination;
        var authentication = "";
        var (redirects, steps) = (0, 0);
        while (true)
        {
            using var attempt = new RtmpPublishAttempt(options, destination, authentication, time, logger, cancellationToken);
            switch (await attempt.RunAsync())
            {
                case RtmpAttemptOutcome.Done done:
                    return done.Result;
                case RtmpAttemptOutcome.Redirected redirected:
                    if (++redirects > options.Limits.MaxRedirects)
                        return Rejected("The server redirects without end.");
                    if (!destination.TryRedirect(redirected.Url, out var target, out var error))
                        return Rejected($"The server redirects to an address that is not followed: {error}");
                    (destination, authentication, steps) = (target, "", 0);
                    break;
                case RtmpAttemptOutcome.Challenged challenged:
                    if (++steps >= options.Limits.MaxAuthenticationSteps)
                        return Rejected($"The server refused the user name or the password: {challenged.Words}");
                    if (Answer(challenged.Challenge, destination, ref authentication) is { } problem)
                        return Rejected(problem);
                    break;
            }
        }
    }

    // Null: the query for the next connection is ready.
    private static string? Answer(RtmpAuthenticationChallenge challenge, RtmpDestinationUrl destination, ref string authentication)
    {
        if (destination.UserName.Length == 0)
            return "The server asks for a user name and a password (rtmp://user:password@host/app).";
        switch (challenge.Reason)
        {
            case "authfailed":
                return "The server refused the user name or the password.";
            case "nosuchuser":
                return "The server does not know the user name.";
            case "needauth":
                authentication = RtmpAuthentication.ProofQuery(challenge, destination.UserName, destination.Password, destination.App, RtmpAuthentication.NewClientNonce());
                return null;
            default:
                authentication = RtmpAuthentication.IntroductionQuery(challenge.Scheme, destination.UserName);
                return null;
        }
    }

    private static RtmpPublishResult.Failed Rejected(string detail) =>
        new(new RtmpFailure(RtmpConnectStage.ConnectCommand, RtmpFailureKind.Rejected, detail));
}
