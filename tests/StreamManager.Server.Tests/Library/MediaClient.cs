using System.Net.Http.Headers;
using StreamManager.Server.Events;

namespace StreamManager.Server.Tests.Library;

/// <summary>Uploads as browsers send them, and what is left on the disk.</summary>
internal static class MediaClient
{
    public static Task<Answer> UploadAsync(this RunningServer server, byte[] content, string name = "picture.png", string token = RunningServer.Token) =>
        server.UploadAsync(Form(content, name), token);

    public static MultipartFormDataContent Form(byte[] content, string name, string field = "file") => new() { { new ByteArrayContent(content), field, name } };

    public static async Task<Answer> UploadAsync(this RunningServer server, HttpContent content, string token = RunningServer.Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/upload", UriKind.Relative)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await server.Client.SendAsync(request);
        return new Answer(response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", await response.Content.ReadAsStringAsync(), response.Headers.Location?.ToString());
    }

    public static string FileName(this Answer answer) => answer.Json.GetProperty("filename").GetString()!;

    /// <summary>Every file of the library's folder, as relative path.</summary>
    public static string[] Files(TemporaryFolder folder)
    {
        var media = Path.Combine(folder.Path, "data", "media");
        return [.. Directory.EnumerateFiles(media, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(media, path)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The next event of a type.</summary>
    public static async Task<ServerEvent> NextAsync(this EventSubscription events, string type)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var next = await events.Reader.ReadAsync(limit.Token);
            if (next.Type == type)
                return next;
        }
    }
}
