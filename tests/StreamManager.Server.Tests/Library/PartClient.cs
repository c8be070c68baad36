using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace StreamManager.Server.Tests.Library;

/// <summary>What came back to a client of the tus protocol.</summary>
internal sealed record PartAnswer(int Status, long? Offset, long? Length, string? Location, string Version, string Text)
{
    public string? Code => System.Text.Json.JsonDocument.Parse(Text).RootElement.GetProperty("code").GetString();

    public System.Text.Json.JsonElement Json => System.Text.Json.JsonDocument.Parse(Text).RootElement;
}

/// <summary>Uploads in parts as clients of the tus protocol send them.</summary>
internal sealed class PartClient(HttpClient client)
{
    public const string PartType = "application/offset+octet-stream";

    public Task<PartAnswer> BeginAsync(long length, string? name = "picture.png", params (string Name, string Value)[] headers) => SendAsync(
        HttpMethod.Post,
        "/api/uploads",
        null,
        [("Tus-Resumable", "1.0.0"), ("Upload-Length", Text(length)), .. name is null ? [] : new[] { ("Upload-Metadata", "filename " + Convert.ToBase64String(Encoding.UTF8.GetBytes(name))) }, .. headers]);

    /// <summary>Begins one and tells its address.</summary>
    public async Task<string> BeginGoodAsync(long length, string name = "picture.png")
    {
        var begun = await BeginAsync(length, name);
        Assert.True(begun.Status is 201, begun.Text);
        return begun.Location!;
    }

    public Task<PartAnswer> SendPartAsync(string address, long offset, ReadOnlyMemory<byte> part) => SendPartAsync(address, offset, new ReadOnlyMemoryContent(part));

    public Task<PartAnswer> SendPartAsync(string address, long offset, HttpContent part, string type = PartType)
    {
        part.Headers.ContentType = new MediaTypeHeaderValue(type);
        return SendAsync(HttpMethod.Patch, address, part, ("Tus-Resumable", "1.0.0"), ("Upload-Offset", Text(offset)));
    }

    public Task<PartAnswer> HeadAsync(string address) => SendAsync(HttpMethod.Head, address, null, ("Tus-Resumable", "1.0.0"));

    public Task<PartAnswer> GetAsync(string address) => SendAsync(HttpMethod.Get, address, null);

    public async Task<PartAnswer> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RunningServer.Token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request);
        return new PartAnswer(
            (int)response.StatusCode, Number(response, "Upload-Offset"), Number(response, "Upload-Length"), response.Headers.Location?.ToString(), One(response, "Tus-Resumable") ?? "",
            await response.Content.ReadAsStringAsync());
    }

    private static long? Number(HttpResponseMessage response, string name) => One(response, name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;

    private static string? One(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? Assert.Single(values) : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
