using System.Globalization;
using System.Text.Json.Serialization.Metadata;

namespace StreamManager.Server.Api;

/// <summary>
/// Lists by pages: <c>?limit=</c> and <c>?after=</c> (the id of the last one seen), with the address of the next page in <c>Link</c> (RFC 8288) and the number of all in
/// <c>X-Total-Count</c>. A page is in the order of the ids, so that nothing is left out or comes twice when something is added or removed between two pages; without both
/// parameters the whole list comes in its own order. A log has pages in the order of time (<see cref="PageOrder{TEntry}"/>), and its links say where they go on by time and id.
/// </summary>
internal static class Page
{
    /// <summary>Entries of one page: some 500 KB of the largest kind of entry.</summary>
    public const int Most = 1_000;

    /// <summary>Entries of an answer to which no page was asked for: as many as the largest list can have (stream keys); some 5 MB.</summary>
    public const int MostAtOnce = 10_000;

    /// <summary>Longest id that is looked for: ids are well below it.</summary>
    private const int LongestId = 200;

    /// <summary>Answers with the page that the request asks for. Only what is on it is described.</summary>
    /// <param name="context">The request.</param>
    /// <param name="all">The whole list in its own order.</param>
    /// <param name="idOf">Id of an entry, unique in the list.</param>
    /// <param name="describe">What is written of an entry.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="order">The order of a log; null: that of the ids.</param>
    public static IResult Of<TEntry, TDocument>(
        HttpContext context,
        IReadOnlyCollection<TEntry> all,
        Func<TEntry, string> idOf,
        Func<TEntry, TDocument> describe,
        JsonTypeInfo<IReadOnlyList<TDocument>> type,
        PageOrder<TEntry>? order = null)
    {
        var errors = new List<FieldError>();
        var limit = ReadLimit(context.Request.Query, errors);
        var after = ReadAfter(context.Request.Query, errors);
        if (errors.Count > 0)
            return Problem.InvalidParameters(errors);

        context.Response.Headers["X-Total-Count"] = all.Count.ToString(CultureInfo.InvariantCulture);
        var mostAtOnce = order?.MostAtOnce ?? MostAtOnce;
        if (limit is null && after is null && all.Count <= mostAtOnce)
            return Answers.Json([.. all.Select(describe)], type);

        var size = limit ?? mostAtOnce;
        var placeOf = order?.PlaceOf ?? idOf;

        // In a log an id stands for its place, as long as its entry is there.
        var start = order is not null && all.FirstOrDefault(entry => idOf(entry) == after) is { } last ? placeOf(last) : after;
        var rest = all.Where(entry => start is null || string.CompareOrdinal(placeOf(entry), start) > 0).OrderBy(placeOf, StringComparer.Ordinal).Take(size + 1).ToArray();
        if (rest.Length > size)
            context.Response.Headers.Link = $"<{context.Request.Path}?{Kept(context.Request.Query)}limit={size}&after={Uri.EscapeDataString(placeOf(rest[size - 1]))}>; rel=\"next\"";
        return Answers.Json([.. rest.Take(size).Select(describe)], type);
    }

    /// <summary>The place of an entry of a log: the newest one's comes first.</summary>
    public static string NewestFirst(DateTimeOffset time, string id) => string.Create(CultureInfo.InvariantCulture, $"{long.MaxValue - time.UtcTicks:x16}{id}");

    /// <summary>What else the list was asked for goes into the address of the next page, too.</summary>
    private static string Kept(IQueryCollection query) => string.Concat(query
        .Where(parameter => parameter.Key is not ("limit" or "after"))
        .SelectMany(parameter => parameter.Value, (parameter, value) => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(value ?? "")}&"));

    private static int? ReadLimit(IQueryCollection query, List<FieldError> errors)
    {
        if (!query.TryGetValue("limit", out var values))
            return null;
        if (values is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is > 0 and <= Most)
            return limit;
        errors.Add(new FieldError("limit", $"must be a whole number from 1 to {Most}, once"));
        return null;
    }

    private static string? ReadAfter(IQueryCollection query, List<FieldError> errors)
    {
        if (!query.TryGetValue("after", out var values))
            return null;
        if (values is [{ Length: > 0 and <= LongestId } text])
            return text;
        errors.Add(new FieldError("after", "must be the id of the last entry of the page before, once"));
        return null;
    }
}

/// <summary>The order of a log's pages.</summary>
/// <param name="PlaceOf">Place of an entry, unique; compared as text, sign by sign.</param>
/// <param name="MostAtOnce">Entries of an answer to which no page was asked for.</param>
internal sealed record PageOrder<TEntry>(Func<TEntry, string> PlaceOf, int MostAtOnce);
