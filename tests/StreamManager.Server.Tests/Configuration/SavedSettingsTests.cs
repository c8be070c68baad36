using System.Net;
using System.Text.Json;

namespace StreamManager.Server.Tests.Configuration;

/// <summary>The list of settings says what was saved, and over what it lies.</summary>
public sealed class SavedSettingsTests
{
    [Fact]
    public async Task SavedValue_StandsInPlaceOfTheOneThatItLiesOver()
    {
        await using var server = await RunningServer.StartAsync("return_after: 3\nfps: 25\nchannels:\n  - { id: second, end_after: 60 }\n  - { id: third }\n");
        foreach (var (path, body) in new[]
        {
            ("/api/channels/main", """{ "settings": { "returnAfterSeconds": 7.5, "onStall": "end", "width": 1280, "height": 720, "videoBitrateKbps": 3000, "start": "manual" } }"""),
            ("/api/channels/third", """{ "settings": { "endAfterSeconds": 90 } }"""),
        })
        {
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, path, body)).Status);
        }

        Assert.Equal(HttpStatusCode.Created, (await server.PostAsync("/api/channels", """{ "id": "made", "settings": { "fps": 50 } }""")).Status);
        var settings = (await server.GetAsync("/api/configuration")).Json.GetProperty("settings").EnumerateArray().ToArray();
        Assert.Equal(settings.Length, settings.Select(NameOf).Distinct().Count());

        Assert.Equal("7.5 s", Value("return_after"));
        Assert.StartsWith("saved, over ", From("return_after"), StringComparison.Ordinal);
        Assert.EndsWith("line 1", From("return_after"), StringComparison.Ordinal);
        foreach (var (name, value) in new[] { ("on_stall", "end"), ("resolution", "1280x720"), ("video_bitrate", "3000k"), ("start", "manual"), ("channels[1].end_after", "90 s"), ("channels[made].fps", "50") })
            Assert.Equal((name, value, "saved"), (name, Value(name), From(name)));
        foreach (var name in (string[])["fps", "channels[0].end_after"])
            Assert.Contains("line", From(name), StringComparison.Ordinal);
        foreach (var (name, value) in new[] { ("on_crash", "fallback"), ("channels[0].start", "on_publish"), ("channels[0].resolution", "1920x1080") })
            Assert.Equal((name, value, "built in"), (name, Value(name), From(name)));

        string? Value(string name) => Find(name).GetProperty("value").GetString();
        string From(string name) => Find(name).GetProperty("source").GetString()!;
        JsonElement Find(string name) => settings.Single(setting => NameOf(setting) == name);
        static string? NameOf(JsonElement setting) => setting.GetProperty("name").GetString();
    }
}
