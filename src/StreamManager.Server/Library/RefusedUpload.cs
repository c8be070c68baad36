using StreamManager.Server.Api;

namespace StreamManager.Server.Library;

/// <summary>
/// A refusal of an upload whose body is still coming. The answer is sent whole at once; then what comes is thrown away for a moment, since a connection that is closed with unread bytes is
/// reset, and a reset may take the answer away from a client that has not read it yet; then the connection is cut. Left to itself, Kestrel takes in five seconds of whatever the line gives.
/// </summary>
/// <param name="problem">The answer.</param>
/// <param name="time">The clock.</param>
/// <param name="isInterrupted">The reading of the body was interrupted: Kestrel lets nobody go on with it, so that only the moment to read the answer is left.</param>
internal sealed class RefusedUpload(Problem problem, TimeProvider time, bool isInterrupted = false) : IResult
{
    /// <summary>How long a client has to read the answer: a round trip to the other side of the world, thrice.</summary>
    public static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>A body that has no more than this to go is taken in to its end: many clients look for the answer only then.</summary>
    private const long SmallRest = 16L << 20;

    private const int BufferSize = 64 * 1024;

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var request = httpContext.Request;
        if (!isInterrupted && (request.ContentLength <= SmallRest || IsRead(request)))
        {
            await problem.ExecuteAsync(httpContext);
            return;
        }

        httpContext.Response.Headers.Connection = "close";
        await problem.ExecuteAsync(httpContext);
        await httpContext.Response.CompleteAsync();
        if (isInterrupted)
        {
            await Task.Delay(Linger, time, httpContext.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            httpContext.Abort();
            return;
        }

        using var over = new CancellationTokenSource(Linger, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, httpContext.RequestAborted);
        var buffer = new byte[BufferSize];
        try
        {
            while (await request.Body.ReadAsync(buffer, either.Token) > 0)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It goes on sending, or is gone.
            httpContext.Abort();
        }
    }

    private static bool IsRead(HttpRequest request)
    {
        if (!request.BodyReader.TryRead(out var result))
            return false;
        request.BodyReader.AdvanceTo(result.Buffer.End);
        return result.IsCompleted;
    }
}
