using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace StreamManager.Server.Api;

/// <summary>Answers of the API.</summary>
internal static class Answers
{
    /// <summary>200 (or another status) with JSON that nobody caches.</summary>
    /// <param name="value">What is answered.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="status">The status.</param>
    /// <param name="location">Where the thing that was made is; null: nothing was made.</param>
    /// <param name="tag">Its ETag; null: it has none, or it was set already.</param>
    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK, string? location = null, string? tag = null) =>
        new JsonAnswer<T>(value, type, status, location, tag);

    private sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> type, int status, string? location, string? tag) : JsonAnswer
    {
        public override void WriteTo(Utf8JsonWriter writer) => JsonSerializer.Serialize(writer, value, type);

        public override Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.CacheControl = "no-store";
            if (location is not null)
                httpContext.Response.Headers.Location = location;
            if (tag is not null)
                httpContext.Response.Headers.ETag = tag;
            return httpContext.Response.WriteAsJsonAsync(value, type);
        }
    }
}

/// <summary>An answer with a body of JSON, which goes over HTTP or into a frame of the WebSocket.</summary>
internal abstract class JsonAnswer : IResult
{
    /// <summary>Writes the body.</summary>
    public abstract void WriteTo(Utf8JsonWriter writer);

    /// <inheritdoc/>
    public abstract Task ExecuteAsync(HttpContext httpContext);
}
