using StreamManager.Server.Api.Description;
using StreamManager.Server.Events;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>The journal: what happened, when, to whom.</summary>
internal sealed class EventRoutes(JournalReader journal)
{
    /// <summary>Events of an answer that does not say how many it wants.</summary>
    private const int DefaultPage = 100;

    /// <summary>Types and families in one request.</summary>
    private const int MostTypes = 20;

    /// <summary>Longest name of a type or a channel.</summary>
    private const int LongestName = 100;

    private static readonly string[] Known = ["since", "before", "limit", "type", "channel"];

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/events", (HttpRequest request) => ListAsync(request.HttpContext)).Needs(Permissions.View)
        .Describes("listEvents", "The journal: what happened, when, to whom.", route => route.Gives<EventPage>().Refuses(400, "invalid_request")
            .Asks("since", "Events after this position or time, oldest first.").Asks("before", "Events before this position or time, newest first.")
            .Asks("limit", $"Events of an answer, 1 to {JournalReader.LargestPage}.", "integer")
            .Asks("type", "Types or families (destination.live, program), with commas between them.").Asks("channel", "Of one channel only."));

    private async Task<IResult> ListAsync(HttpContext context)
    {
        var errors = new List<FieldError>();
        var query = Read(context.Request.Query, context.Caller().Permissions.HasFlag(Permissions.Administer), errors);
        if (errors.Count > 0)
            return Problem.Invalid(errors);
        try
        {
            var page = await journal.ReadAsync(query, context.RequestAborted);
            return Answers.Json(new EventsDocument(page.Events, page.Next), ApiJson.Readable.EventsDocument);
        }
        catch (ArgumentException)
        {
            return Problem.Invalid([new FieldError(query.Since is null ? "before" : "since", NoPlace)]);
        }
    }

    private const string NoPlace = "must be a position from an earlier answer, or a time such as 2026-01-31T12:00:00Z";

    private static EventQuery Read(IQueryCollection query, bool withAudit, List<FieldError> errors)
    {
        foreach (var name in query.Keys.Where(name => !Known.Contains(name, StringComparer.Ordinal)).Take(MostTypes))
            errors.Add(new FieldError(name.Length > LongestName ? name[..LongestName] + "…" : name, $"is not a known parameter; there are {string.Join(", ", Known)}"));
        foreach (var name in Known.Where(name => query[name].Count > 1))
            errors.Add(new FieldError(name, "must be there once"));
        var (since, before) = (Place("since"), Place("before"));
        if (since is not null && before is not null)
            errors.Add(new FieldError("before", "does not go with since"));
        var limit = DefaultPage;
        if (query["limit"] is [{ } text] && !(int.TryParse(text, System.Globalization.NumberStyles.None, null, out limit) && limit is > 0 and <= JournalReader.LargestPage))
            errors.Add(new FieldError("limit", $"must be a whole number from 1 to {JournalReader.LargestPage}"));
        string[] types = query["type"] is [{ } names] ? names.Split(',') : [];
        if (types.Length > MostTypes || types.Any(type => type.Length is 0 or > LongestName))
            errors.Add(new FieldError("type", $"must be types or families (destination.live, program), at most {MostTypes}, with commas between them"));
        var channel = query["channel"] is [{ } id] ? id : null;
        if (channel is { Length: 0 or > LongestName })
            errors.Add(new FieldError("channel", "must be the id of a channel"));
        return new EventQuery(since, before, limit, types, channel, withAudit);

        JournalPlace? Place(string name)
        {
            if (query[name] is not [{ } value])
                return null;
            var place = JournalPlace.Parse(value);
            if (place is null)
                errors.Add(new FieldError(name, NoPlace));
            return place;
        }
    }
}
