using System.Text.Json.Serialization.Metadata;

namespace StreamManager.Server.Api;

/// <summary>Answers of the API.</summary>
internal static class Answers
{
    /// <summary>200 (or another status) with JSON that nobody caches.</summary>
    public static IResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) => new JsonAnswer<T>(value, type, status);

    private sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> type, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.CacheControl = "no-store";
            return httpContext.Response.WriteAsJsonAsync(value, type);
        }
    }
}
