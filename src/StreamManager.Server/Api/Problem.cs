using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>One wrong field of a request.</summary>
/// <param name="Field">JSON pointer (RFC 6901); empty: the body itself. Of the query the name of the parameter.</param>
/// <param name="Message">What is wrong with it and what is allowed.</param>
internal sealed record FieldError(string Field, string Message);

/// <summary>An error answer: problem details (RFC 9457) with a code that programs may rely on.</summary>
internal sealed record Problem(int Status, string Code, string Title, string? Detail = null, IReadOnlyList<FieldError>? Errors = null) : IResult
{
    /// <summary>The media type of RFC 9457.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>No token, or a wrong one.</summary>
    public static Problem Unauthorized { get; } =
        new(StatusCodes.Status401Unauthorized, "unauthorized", "A valid token is needed.", "Send it as \"Authorization: Bearer TOKEN\".");

    /// <summary>The cookie is good, but the request may come from another page.</summary>
    public static Problem Antiforgery { get; } = new(
        StatusCodes.Status403Forbidden,
        "antiforgery",
        "The request may come from another page.",
        $"With the session's cookie send its antiforgery token (csrfToken of /api/me) as {SessionCookie.AntiforgeryHeader}; open WebSockets from this server's own pages.");

    /// <summary>Passwords are being checked as fast as the server allows itself.</summary>
    public static Problem Busy { get; } = new(StatusCodes.Status503ServiceUnavailable, "busy", "Too many passwords are being checked now; try again in a moment.");

    /// <summary>No such route.</summary>
    public static Problem NoRoute { get; } = new(StatusCodes.Status404NotFound, "not_found", "There is nothing at this address.");

    /// <summary>The route is there, the method is not.</summary>
    public static Problem NoMethod { get; } = new(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "This address does not take this method; see the Allow header.");

    /// <summary>The body is not JSON by its own word.</summary>
    public static Problem NotJson { get; } =
        new(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "The body must be JSON.", "Send \"Content-Type: application/json\".");

    /// <summary>Our own fault.</summary>
    public static Problem Internal { get; } = new(StatusCodes.Status500InternalServerError, "internal_error", "The server made a mistake; its log says more.");

    /// <summary>The disk did not take a change.</summary>
    public static Problem NotSaved { get; } =
        new(StatusCodes.Status503ServiceUnavailable, "not_saved", "The change could not be saved, and nothing was changed.", "Is the disk of DATA_DIR full or read-only?");

    /// <summary>The store cannot take or give something now; the reason is the store's own, in words without secrets.</summary>
    public static Problem StoreUnavailable(string reason) =>
        new(StatusCodes.Status503ServiceUnavailable, "store_unavailable", "The state cannot be read or changed now; what is on air goes on.", reason);

    /// <summary>The server ends; the next one will answer.</summary>
    public static Problem Stopping { get; } = new(StatusCodes.Status503ServiceUnavailable, "server_stopping", "The server is ending.", "Try again when it has started again.");

    /// <summary>Something in the store cannot be read; which, without what it holds.</summary>
    public static Problem StoreDamaged(string reason) =>
        new(StatusCodes.Status503ServiceUnavailable, "store_damaged", "Something in the state is damaged; what is on air goes on.", reason);

    /// <summary>The caller is known and may not do this.</summary>
    public static Problem Forbidden(Permissions needed) =>
        new(StatusCodes.Status403Forbidden, "forbidden", "You may not do this.", $"It needs the permission {PermissionNames.Either(needed)}.");

    /// <summary>Somebody else changed it meanwhile.</summary>
    public static Problem Stale { get; } =
        new(StatusCodes.Status412PreconditionFailed, "stale", "Somebody else changed this meanwhile; nothing was changed.", "Get it again, and send its ETag as If-Match.");

    /// <summary>There is no thing of this kind with this id.</summary>
    public static Problem Missing(string kind) => new(StatusCodes.Status404NotFound, $"{kind}_not_found", $"There is no such {kind}.");

    /// <summary>The body is wrong.</summary>
    public static Problem Invalid(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid_request", "The request has wrong fields.", Errors: errors);

    /// <summary>The query is wrong; the fields of <paramref name="errors"/> are its parameters.</summary>
    public static Problem InvalidParameters(IReadOnlyList<FieldError> errors) =>
        new(StatusCodes.Status400BadRequest, "invalid_parameter", "The query has wrong parameters.", Errors: errors);

    /// <summary>Its JSON.</summary>
    public ProblemDocument ToDocument() => new("about:blank", Title, Status, Detail, Code, Errors);

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        return JsonSerializer.SerializeAsync(response.Body, ToDocument(), ApiJson.Readable.ProblemDocument, httpContext.RequestAborted);
    }
}

/// <summary>The JSON of a <see cref="Problem"/>.</summary>
internal sealed record ProblemDocument(
    string Type,
    string Title,
    int Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Detail,
    string Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Errors);
