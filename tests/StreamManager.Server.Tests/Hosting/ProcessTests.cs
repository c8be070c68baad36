using System.Diagnostics;
using System.Text.Json;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Hosting;

/// <summary>The server as a process of its own: what it writes where, and what its health command says.</summary>
public sealed class ProcessTests
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "StreamManager.Server.dll");

    [Theory]
    [InlineData("json")]
    [InlineData("console")]
    public async Task Server_InEitherLogFormat_AnswersTheHealthCommandAndWritesItsEntries(string format)
    {
        using var folder = new TemporaryFolder();
        var settings = new Dictionary<string, string>
        {
            ["LOG_FORMAT"] = format,
            ["LOG_LEVEL"] = "warning",
            ["BIND_ADDRESS"] = "127.0.0.1",
            ["PORT"] = "0",
            ["WS_PORT"] = "0",
            ["METRICS_PORT"] = "0",
            ["RTMP_PORT"] = "0",
            ["HEALTH_PORT"] = $"{FreePort.Next()}",
            ["DATA_DIR"] = folder.File("data"),
            ["FFMPEG_PATH"] = "/nowhere/ffmpeg",
            ["http_proxy"] = "http://127.0.0.1:1",
        };
        var (early, nobody) = await RunAsync("health", folder, settings);
        Assert.Equal(1, early);
        Assert.Contains("Nobody answers on port", nobody, StringComparison.Ordinal);

        using var server = Start("serve", folder, settings);
        var errors = server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            (int Code, string Text) health = default;
            await Eventually.TrueAsync(
                async () =>
                {
                    health = await RunAsync("health", folder, settings);
                    return health.Text.Contains("\"started\",\"ok\":true", StringComparison.Ordinal);
                },
                describe: () => health.Text ?? "");

            // There is no ffmpeg: not ready, and it says so.
            Assert.Equal(1, health.Code);
            Assert.Contains("there is no ffmpeg", health.Text, StringComparison.Ordinal);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }

        var output = await server.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("Stream Manager ", output, StringComparison.Ordinal);
        var lines = (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        if (format == "json")
        {
            Assert.All(lines, line =>
            {
                var entry = JsonDocument.Parse(line).RootElement;
                Assert.Equal("Warning", entry.GetProperty("LogLevel").GetString());
                Assert.EndsWith("Z", entry.GetProperty("Timestamp").GetString(), StringComparison.Ordinal);
            });
            Assert.Contains(lines, line => JsonDocument.Parse(line).RootElement.GetProperty("State").TryGetProperty("Program", out var program) && program.GetString() == "/nowhere/ffmpeg");
        }
        else
        {
            Assert.Contains(lines, line => line.Contains("Z warn: StreamManager.Server.Hosting", StringComparison.Ordinal) && line.Contains("/nowhere/ffmpeg", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task HealthCommand_WithAnyFreePort_SaysThatItCannotKnowIt()
    {
        using var folder = new TemporaryFolder();
        var (code, text) = await RunAsync("health", folder, new Dictionary<string, string> { ["HEALTH_PORT"] = "0" });
        Assert.Equal(1, code);
        Assert.Contains("HEALTH_PORT is 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthCommand_OfAReadyServer_EndsWithZeroWhateverIsInTheFile()
    {
        // The server refuses a wrong file and goes on; so does who asks for its health.
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("config.yml"), "no_such_setting: 1\n", TestContext.Current.CancellationToken);
        var port = FreePort.Next();
        await using var server = await RunningServer.StartAsync(change: options => options with { HealthPort = port });
        var (code, text) = await RunAsync("health", folder, new Dictionary<string, string> { ["HEALTH_PORT"] = $"{port}" });
        Assert.True(code == 0, text);
    }

    private static async Task<(int Code, string Text)> RunAsync(string command, TemporaryFolder folder, IReadOnlyDictionary<string, string> settings)
    {
        using var process = Start(command, folder, settings);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }

    private static Process Start(string command, TemporaryFolder folder, IReadOnlyDictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        start.ArgumentList.Add(Assembly);
        start.ArgumentList.Add(command);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
