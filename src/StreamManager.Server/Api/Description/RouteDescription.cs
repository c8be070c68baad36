using System.Collections.Immutable;
using Microsoft.AspNetCore.Http.Metadata;

namespace StreamManager.Server.Api.Description;

/// <summary>The body that a route reads.</summary>
/// <param name="Type">A record with the fields that it takes; a test holds both against each other. Null: no JSON.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="IsOptional">It may be left out.</param>
/// <param name="Example">JSON that is right, with everything that is required; tests send it.</param>
internal sealed record RouteBody(Type? Type, string ContentType, bool IsOptional, string Example);

/// <summary>A good answer.</summary>
/// <param name="Status">2xx.</param>
/// <param name="Type">The record that is written; null: nothing, or no JSON.</param>
/// <param name="ContentType">Its media type; null: there is no body.</param>
internal sealed record RouteAnswer(int Status, Type? Type, string? ContentType);

/// <summary>An error that the route itself gives, beside those that its other properties bring with them.</summary>
internal sealed record RouteRefusal(int Status, ImmutableArray<string> Codes);

/// <summary>A parameter of the query.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Summary">What it does.</param>
/// <param name="Type">string or integer.</param>
internal sealed record RouteQuery(string Name, string Summary, string Type = "string");

/// <summary>
/// What a route takes and gives, in one place: the OpenAPI document is made of it, the tests call every route by it, and some of it works (<see cref="IsCreation"/>). Metadata of the
/// endpoint; a test finds routes without it.
/// </summary>
/// <param name="Id">Name of the operation for generated clients, camelCase, unique.</param>
/// <param name="Summary">One sentence.</param>
internal sealed record RouteDescription(string Id, string Summary)
{
    /// <summary>The body; null: none is read.</summary>
    public RouteBody? Body { get; private init; }

    /// <summary>Good answers.</summary>
    public ImmutableArray<RouteAnswer> Answers { get; private init; } = [];

    /// <summary>Errors of its own.</summary>
    public ImmutableArray<RouteRefusal> Refusals { get; private init; } = [];

    /// <summary>Parameters of the query.</summary>
    public ImmutableArray<RouteQuery> Query { get; private init; } = [];

    /// <summary>Its answer has an ETag.</summary>
    public bool HasTag { get; private init; }

    /// <summary>It heeds If-Match, and answers 412 where that does not fit any more.</summary>
    public bool ChecksTag { get; private init; }

    /// <summary>It makes something, and heeds <see cref="Idempotency.Header"/>.</summary>
    public bool IsCreation { get; private init; }

    /// <summary>It gives a list by pages (<see cref="Page"/>).</summary>
    public bool IsList { get; private init; }

    /// <summary>It reads a JSON object.</summary>
    public RouteDescription Takes<T>(string example, bool isOptional = false) => this with { Body = new RouteBody(typeof(T), "application/json", isOptional, example) };

    /// <summary>It reads a body that is no JSON.</summary>
    public RouteDescription TakesBytes(string contentType) => this with { Body = new RouteBody(null, contentType, IsOptional: false, "") };

    /// <summary>It answers with JSON.</summary>
    public RouteDescription Gives<T>(int status = StatusCodes.Status200OK) => this with { Answers = Answers.Add(new RouteAnswer(status, typeof(T), "application/json")) };

    /// <summary>It answers with something else.</summary>
    public RouteDescription GivesBytes(string contentType) => this with { Answers = Answers.Add(new RouteAnswer(StatusCodes.Status200OK, null, contentType)) };

    /// <summary>It answers with nothing but a status.</summary>
    public RouteDescription GivesNothing(int status = StatusCodes.Status204NoContent) => this with { Answers = Answers.Add(new RouteAnswer(status, null, null)) };

    /// <summary>It answers with a list, by pages where that is asked for.</summary>
    public RouteDescription Lists<T>() => Gives<IReadOnlyList<T>>() with { IsList = true };

    /// <summary>It may refuse with this status and one of these codes.</summary>
    public RouteDescription Refuses(int status, params ReadOnlySpan<string> codes) => this with { Refusals = Refusals.Add(new RouteRefusal(status, [.. codes])) };

    /// <summary>It takes a parameter in the query.</summary>
    public RouteDescription Asks(string name, string summary, string type = "string") => this with { Query = Query.Add(new RouteQuery(name, summary, type)) };

    /// <summary>Its answer has an ETag.</summary>
    public RouteDescription Tags() => this with { HasTag = true };

    /// <summary>It heeds If-Match.</summary>
    public RouteDescription Matches() => this with { ChecksTag = true };

    /// <summary>It makes something, so that a repetition with the same Idempotency-Key gives the first answer again.</summary>
    public RouteDescription Creates() => this with { IsCreation = true };
}

/// <summary>Describes routes.</summary>
internal static class RouteDescriptionExtensions
{
    /// <summary>Says what a route is for, takes and gives.</summary>
    public static RouteHandlerBuilder Describes(this RouteHandlerBuilder builder, string id, string summary, Func<RouteDescription, RouteDescription> fill)
    {
        var description = fill(new RouteDescription(id, summary));
        builder.WithMetadata(description);
        foreach (var answer in description.Answers)
            builder.WithMetadata(new ProducesResponseTypeMetadata(answer.Status, answer.Type ?? typeof(void), answer.ContentType is { } type ? [type] : []));

        // Any media type, so that routing leaves it to the route to judge it: the caller must be known first.
        if (description.Body is { Type: { } body } wanted)
            builder.WithMetadata(new AcceptsMetadata(["*/*"], body, wanted.IsOptional));
        return builder;
    }
}
