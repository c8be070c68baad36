using StreamManager.Engine.Playback;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>Program and sources for browsers: a live FLV that never ends, and a picture.</summary>
internal sealed class PreviewRoutes(ApiServices services, ConnectionWatch watch)
{
    /// <summary>A viewer that takes nothing for so long is gone.</summary>
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    private long _lastId;

    /// <summary>Off air, or the source is absent.</summary>
    internal static Problem NothingToShow { get; } =
        new(StatusCodes.Status404NotFound, "nothing_to_show", "There is nothing to show: the channel is off air, or the source is absent.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/preview/{channel}.flv", FlvAsync).Needs(Permissions.View)
            .Describes("getPreviewFlv", "The program as endless HTTP-FLV.", route => About(route).GivesBytes("video/x-flv"));
        routes.MapGet("/preview/{channel}.jpg", JpegAsync).Needs(Permissions.View)
            .Describes("getPreviewPicture", "A picture of the program.", route => About(route).GivesBytes("image/jpeg"));
    }

    private static RouteDescription About(RouteDescription route) => route
        .Asks("source", "One source in place of the program.").Asks("token", "In place of the header.").Refuses(404, "channel_not_found", "nothing_to_show");

    private async Task<IResult> FlvAsync(string channel, string? source, HttpContext context)
    {
        if (services.Channels.Find(channel) is not { } found)
            return Problem.Missing("channel");

        // Before anybody hears of it: requests for nothing would push all else out of the journal.
        if (!await found.IsThereAsync(source))
            return NothingToShow;
        var id = $"flv-{Interlocked.Increment(ref _lastId)}";
        try
        {
            var refusal = await watch.ConnectAsync(id, "http-flv", Addresses.Text(context.Connection.RemoteIpAddress), context.RequestAborted)
                ?? await watch.BeginStreamAsync(id, ConnectionType.Player, channel, source, context.RequestAborted);
            if (refusal is not null)
                return new Problem(StatusCodes.Status403Forbidden, "denied", "You may not watch this.", refusal);
            if (await found.OpenFlvFeedAsync(source) is not { } feed)
                return NothingToShow;
            await using (feed)
            {
                watch.StreamBegan(id);
                await StreamAsync(id, feed, channel, source, context);
            }

            return TypedResults.Empty;
        }
        finally
        {
            watch.Disconnected(id);
        }
    }

    private async Task StreamAsync(string id, FlvFeed feed, string channel, string? source, HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        services.Connections.Add(new StreamConnection(
            id,
            StreamRole.Player,
            "http-flv",
            channel,
            source,
            Addresses.Text(context.Connection.RemoteIpAddress),
            RtmpServerHandler.Clean(context.Request.Headers.UserAgent.ToString()),
            services.Time.GetUtcNow(),
            _ => Cancel(ended)));
        try
        {
            SetHeaders(context.Response, "video/x-flv");
            while (await feed.ReadAsync(ended.Token) is { IsEmpty: false } bytes)
            {
                using var slow = new CancellationTokenSource(WriteTimeout, services.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(ended.Token, slow.Token);
                await context.Response.Body.WriteAsync(bytes, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Gone, kicked, or too slow: whoever is still there sees the connection end.
            context.Abort();
        }
        finally
        {
            services.Connections.Remove(id);
        }
    }

    private async Task<IResult> JpegAsync(string channel, string? source, HttpContext context)
    {
        if (services.Channels.Find(channel) is not { } found)
            return Problem.Missing("channel");
        if (await found.GetThumbnailAsync(source, context.RequestAborted) is not { } picture)
            return NothingToShow;
        SetHeaders(context.Response, "image/jpeg");
        return TypedResults.Bytes(picture, "image/jpeg");
    }

    /// <summary>A kick may come when the viewer has just left.</summary>
    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Left already.
        }
    }

    /// <summary>Players in pages of other origins may read it; they need the token anyway.</summary>
    internal static void SetHeaders(HttpResponse response, string contentType, string caching = "no-cache, no-store")
    {
        response.ContentType = contentType;
        response.Headers.CacheControl = caching;
        response.Headers.AccessControlAllowOrigin = "*";
        response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
