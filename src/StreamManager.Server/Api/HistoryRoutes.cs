using System.Collections.Immutable;
using System.Globalization;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Security;

namespace StreamManager.Server.Api;

/// <summary>The figures of the last minutes of a channel, a value each second; null where nobody measured.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="From">The second of the first value.</param>
/// <param name="Curves">Of the program, its sources and its destinations; all equally long.</param>
internal sealed record HistoryDocument(string Channel, DateTime From, IReadOnlyList<HistoryCurveDocument> Curves);

/// <summary>The figures of one thing. <c>Kind</c>: program, source or destination; <c>QueueMs</c> is media that waits to be sent (destinations).</summary>
internal sealed record HistoryCurveDocument(string Kind, string Id, IReadOnlyList<int?> BitrateKbps, IReadOnlyList<double?> Fps, IReadOnlyList<int?> QueueMs);

/// <summary>How the figures have been in the last minutes.</summary>
internal sealed class HistoryRoutes(ApiServices services, RecentFigures figures)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/channels/{id}/history", (string id, HttpRequest request) => Get(id, request.Query)).Needs(Permissions.View)
        .Describes("getChannelHistory", "Bitrate, frame rate and queue of the last minutes, a value each second; kept in memory only.", route => route
            .Gives<HistoryDocument>().Refuses(400, "invalid_parameter").Refuses(404, "channel_not_found")
            .Asks("seconds", $"How far back, 1 to {FigureCurve.Kept}, which is the default.", "integer"));

    private IResult Get(string id, IQueryCollection query)
    {
        if (services.Channels.Find(id) is null)
            return ChannelOperations.NoChannel;
        var seconds = FigureCurve.Kept;
        if (query.TryGetValue("seconds", out var text) && !(int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= FigureCurve.Kept))
            return Problem.InvalidParameters([new FieldError("seconds", $"must be a whole number from 1 to {FigureCurve.Kept}")]);
        var (from, curves) = figures.Read(id, seconds);
        return Answers.Json(
            new HistoryDocument(id, DateTimeOffset.FromUnixTimeSeconds(from).UtcDateTime, [.. curves.Select(curve => Describe(curve.Subject, curve.Figures))]),
            ApiJson.Readable.HistoryDocument);
    }

    private static HistoryCurveDocument Describe(FigureSubject subject, ImmutableArray<Figures?> figures) => new(
        subject.Kind,
        subject.Id,
        [.. figures.Select(second => second?.BitrateKbps)],
        [.. figures.Select(second => second is { } known ? Math.Round(known.Fps, 2) : (double?)null)],
        [.. figures.Select(second => second?.QueueMs)]);
}
