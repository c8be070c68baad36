using System.Net;

namespace StreamManager.Server.Tests.Api;

/// <summary>The machine, the settings and the log, of a whole server.</summary>
public sealed class SystemApiTests
{
    [Fact]
    public async Task System_TellsWhatRunsWhere_AndWhatDoctorSays()
    {
        await using var server = await RunningServer.StartAsync();
        var system = (await server.GetAsync("/api/system")).Json;
        Assert.Equal(server.Server.BoundPorts.Rtmp, system.GetProperty("ports").GetProperty("rtmp").GetInt32());
        Assert.Equal(("sqlite", true), (system.GetProperty("store").GetProperty("kind").GetString(), system.GetProperty("store").GetProperty("available").GetBoolean()));
        Assert.InRange(system.GetProperty("memoryBytes").GetInt64(), 1 << 20, 1L << 40);
        var checks = system.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!, check => check.GetProperty("verdict").GetString());
        Assert.Equal(("ok", "ok", "ok", "ok"), (checks["ffmpeg"], checks["encoder libx264"], checks["encoder aac"], checks["clock"]));
    }

    [Fact]
    public async Task System_WithoutFfmpeg_SaysWhatToDo()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { FfmpegPath = "/nowhere/ffmpeg" });
        var check = (await server.GetAsync("/api/system")).Json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "ffmpeg");
        Assert.Equal("fail", check.GetProperty("verdict").GetString());
        Assert.Contains("install ffmpeg", check.GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_TellWhatWasWrittenSince_AndHideWhatIsNotWanted()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { FfmpegPath = "/nowhere/ffmpeg" });
        var all = (await server.GetAsync("/api/logs")).Json;
        var warning = all.GetProperty("entries").EnumerateArray().Single(entry => entry.GetProperty("message").GetString()!.StartsWith("There is no program /nowhere/ffmpeg", StringComparison.Ordinal));
        Assert.Equal(("warning", "StreamManagerServer"), (warning.GetProperty("level").GetString(), warning.GetProperty("category").GetString()));

        var next = all.GetProperty("next").GetInt64();
        await server.PostAsync("/api/start");
        var later = (await server.WaitForAsync($"/api/logs?after={next}", answer => answer.GetProperty("entries").GetArrayLength() > 0)).GetProperty("entries");
        Assert.All(later.EnumerateArray(), entry => Assert.True(entry.GetProperty("number").GetInt64() > next));
        Assert.All((await server.GetAsync("/api/logs?level=warning")).Json.GetProperty("entries").EnumerateArray(), entry => Assert.NotEqual("information", entry.GetProperty("level").GetString()));
        Assert.Empty((await server.GetAsync("/api/logs?level=critical")).Json.GetProperty("entries").EnumerateArray());
    }

    [Theory]
    [InlineData("level=loud", "level")]
    [InlineData("after=-1", "after")]
    [InlineData("after=x", "after")]
    public async Task Logs_WithAWrongParameter_NameIt(string query, string name)
    {
        await using var server = await RunningServer.StartAsync();
        var answer = await server.GetAsync($"/api/logs?{query}");
        Assert.Equal((HttpStatusCode.BadRequest, name), (answer.Status, answer.WrongFields.Single()));
    }

    [Fact]
    public async Task Settings_AreTold_WithWhereTheyCameFrom_AndWithoutSecrets()
    {
        const string yaml = """
            rtmp_timeout: 3
            ingest_key: a-very-secret-ingest-key
            destinations:
              - { name: One, url: "rtmp://user:passw0rd@127.0.0.1:1/app", stream_key: a-very-secret-stream-key }
            """;
        await using var server = await RunningServer.StartAsync(yaml);
        var answer = await server.GetAsync("/api/configuration");
        var settings = answer.Json.GetProperty("settings").EnumerateArray().ToDictionary(
            setting => setting.GetProperty("name").GetString()!, setting => (Value: setting.GetProperty("value").GetString(), Source: setting.GetProperty("source").GetString()!));
        Assert.Equal("3", settings["rtmp_timeout"].Value);
        Assert.EndsWith("config.yml line 1", settings["rtmp_timeout"].Source, StringComparison.Ordinal);
        Assert.Equal(("127.0.0.1", "environment"), settings["BIND_ADDRESS"]);
        Assert.Equal(("true", "built in"), settings["gop_cache"]);
        Assert.Equal("environment", settings["ADMIN_TOKEN"].Source);
        Assert.All(settings.Values, setting => Assert.NotEmpty(setting.Source));

        // Without a file, too, every key is told.
        await using var bare = await RunningServer.StartAsync();
        var builtIn = (await bare.GetAsync("/api/configuration")).Json.GetProperty("settings").EnumerateArray().Select(setting => setting.GetProperty("name").GetString()).ToArray();
        Assert.Contains("rtmp_timeout", builtIn);
        Assert.Contains("PORT", builtIn);
        foreach (var secret in new[] { RunningServer.Token, "a-very-secret-ingest-key", "a-very-secret-stream-key", "passw0rd" })
            Assert.DoesNotContain(secret, answer.Text, StringComparison.Ordinal);
    }
}
