using System.Globalization;
using StreamManager.Engine.Playback;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>
/// Program and sources by HLS. The first playlist asks who comes; what it names carries the id of the viewing, which stands for the permission from then on.
/// </summary>
internal sealed class HlsRoutes(ApiServices services, ConnectionWatch watch, HlsViewers viewers)
{
    /// <summary>
    /// The first viewer waits for three target durations, which is six seconds as a rule and 18 with rare keyframes; with a source that falters it gets what there is by then.
    /// </summary>
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Its address never means anything else; when the playlist that names it is forgotten, it may be forgotten.</summary>
    private const string Immutable = "public, max-age=60, immutable";

    private long _lastId;

    private static Problem NoViewer { get; } = Problem.Missing("viewer");

    private static Problem NoSegment { get; } = new(StatusCodes.Status404NotFound, "segment_not_found", "There is no such segment any more, or not yet.");

    private static Problem TooMany { get; } = new(StatusCodes.Status503ServiceUnavailable, "too_many_viewers", "There are as many viewers as may be; try again later.");

    private static Problem NotYet { get; } = new(StatusCodes.Status503ServiceUnavailable, "hls_not_ready", "Nothing that can be played has come yet; try again in a moment.");

    private static Problem TooManyDownloads { get; } = new(
        StatusCodes.Status429TooManyRequests, "too_many_downloads", $"This viewer is fetching {HlsViewer.MostDownloads} segments already.", "Try again when one of them is there.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/hls/{channel}/index.m3u8", IndexAsync).Needs(Permissions.View)
            .Describes("getHls", "The program by HLS: what players are given.", route => route.GivesBytes(HlsPlaylist.ContentType)
                .Asks("source", "One source in place of the program.").Asks("token", "In place of the header.")
                .Refuses(403, "denied").Refuses(404, "channel_not_found", "nothing_to_show").Refuses(409, "hls_not_possible").Refuses(503, "hls_not_ready", "too_many_viewers"));
        routes.MapGet("/hls/{channel}/program.m3u8", Playlist).Needs(Permissions.None)
            .Describes("getHlsPlaylist", "The segments that there are now, for one viewer.", route => About(route).GivesBytes(HlsPlaylist.ContentType));
        routes.MapGet("/hls/{channel}/{run}/{file}", FileAsync).Needs(Permissions.None)
            .Describes("getHlsSegment", "A segment, or what stands in front of some, for one viewer.", route => About(route).GivesBytes(HlsPlaylist.SegmentContentType).Refuses(429, "too_many_downloads"));
    }

    private static RouteDescription About(RouteDescription route) =>
        route.Asks("viewer", "Who watches; the first playlist names it.").Refuses(404, "viewer_not_found", "segment_not_found");

    private async Task<IResult> IndexAsync(string channel, string? source, HttpContext context)
    {
        if (services.Channels.Find(channel) is not { } found)
            return Problem.Missing("channel");

        // Before anybody hears of it: requests for nothing would push all else out of the journal.
        if (!await found.IsThereAsync(source))
            return PreviewRoutes.NothingToShow;
        var address = Addresses.Text(context.Connection.RemoteIpAddress);
        if (!viewers.TryEnter(address))
            return TooMany;
        var clientId = $"hls-{Interlocked.Increment(ref _lastId)}";
        HlsViewing? viewing = null;
        var isIn = false;
        try
        {
            var refusal = await watch.ConnectAsync(clientId, "hls", address, context.RequestAborted)
                ?? await watch.BeginStreamAsync(clientId, ConnectionType.Player, channel, source, context.RequestAborted);
            if (refusal is not null)
                return new Problem(StatusCodes.Status403Forbidden, "denied", "You may not watch this.", refusal);
            viewing = found.OpenHls(source);
            if (viewing is null)
                return PreviewRoutes.NothingToShow;
            var window = await ReadyAsync(viewing, context.RequestAborted);
            if (!window.CanBegin && !window.IsEnded)
                return NotYet;
            if (!window.CanBegin)
                return window.Problem is { } why ? new Problem(StatusCodes.Status409Conflict, "hls_not_possible", "This cannot be watched by HLS.", why) : PreviewRoutes.NothingToShow;
            var connection = new StreamConnection(
                clientId, StreamRole.Player, "hls", channel, source, address, RtmpServerHandler.Clean(context.Request.Headers.UserAgent.ToString()), services.Time.GetUtcNow(), static _ => { });
            var id = viewers.Add(connection, viewing);
            isIn = true;
            PreviewRoutes.SetHeaders(context.Response, HlsPlaylist.ContentType);
            return TypedResults.Text(HlsPlaylist.Multivariant(window, $"program.m3u8?viewer={id}"), HlsPlaylist.ContentType);
        }
        finally
        {
            if (!isIn)
            {
                watch.Disconnected(clientId);
                viewers.Leave(address);
                if (viewing is not null)
                    await viewing.DisposeAsync();
            }
        }
    }

    private async Task<HlsWindow> ReadyAsync(HlsViewing viewing, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ReadyTimeout, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await viewing.WaitUntilReadyAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return viewing.Window;
        }
    }

    private IResult Playlist(string channel, string? viewer, HttpContext context)
    {
        if (viewers.Watch(viewer, channel) is not { } found)
            return NoViewer;
        PreviewRoutes.SetHeaders(context.Response, HlsPlaylist.ContentType);
        return TypedResults.Text(HlsPlaylist.Media(found.Viewing.Window, $"?viewer={found.Id}"), HlsPlaylist.ContentType);
    }

    private async Task<IResult> FileAsync(string channel, string run, string file, string? viewer, HttpContext context)
    {
        if (viewers.Find(viewer, channel) is not { } found)
            return NoViewer;
        var window = found.Viewing.Window;
        if (run != window.Run)
            return NoSegment;
        if (Number(file, "init-", ".mp4") is { } number && number <= int.MaxValue && window.FindInit((int)number) is { } init)
        {
            PreviewRoutes.SetHeaders(context.Response, HlsPlaylist.SegmentContentType, Immutable);
            return TypedResults.Bytes(init.Bytes, HlsPlaylist.SegmentContentType);
        }

        if (Number(file, "", ".m4s") is not { } wanted || window.Find(wanted) is not { } segment)
            return NoSegment;
        if (!found.TryBeginDownload())
            return TooManyDownloads;
        try
        {
            PreviewRoutes.SetHeaders(context.Response, HlsPlaylist.SegmentContentType, Immutable);
            context.Response.ContentLength = segment.Length;
            await new HlsDownload(segment, found, viewers, services.Time).WriteAsync(context.Response.BodyWriter, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // Gone, closed, or too slow: whoever is still there sees the connection end.
            context.Abort();
        }
        finally
        {
            found.EndDownload();
        }
        return TypedResults.Empty;
    }

    private static long? Number(string file, string start, string end) =>
        file.StartsWith(start, StringComparison.Ordinal) && file.EndsWith(end, StringComparison.Ordinal) && file.Length > start.Length + end.Length
        && long.TryParse(file.AsSpan(start.Length, file.Length - start.Length - end.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
