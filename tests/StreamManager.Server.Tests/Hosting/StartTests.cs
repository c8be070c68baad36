using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;

namespace StreamManager.Server.Tests.Hosting;

public sealed class StartTests
{
    [Fact]
    public async Task Start_PortTaken_NamesTheVariableAndLeavesNothingBehind()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var refusal = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(folder: folder, change: options => options with { MetricsPort = port }));
        Assert.Contains("METRICS_PORT", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("set METRICS_PORT to another number", refusal.Message, StringComparison.Ordinal);

        // The data directory is free again.
        await using var server = await RunningServer.StartAsync(folder: folder);
    }

    [Fact]
    public async Task Start_WithoutARightCertificate_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("x.pem"), "nothing", TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(
            folder: folder, change: options => options with { RtmpsPort = 0, TlsCertificateFile = folder.File("x.pem"), TlsKeyFile = folder.File("x.pem") }));
        Assert.Contains("TLS_CERTIFICATE", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAnAddressOfAnotherMachine_IsRefused()
    {
        var refusal = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(change: options => options with { BindAddress = IPAddress.Parse("192.0.2.1") }));
        Assert.Contains("BIND_ADDRESS", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_PortTaken_SaysSoInOneLine()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString();
        var (code, output, errors) = await RunAsync(folder, [], [.. Free.Where(variable => variable.Name != "RTMP_PORT"), ("RTMP_PORT", port)]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("RTMP_PORT", Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnTheDataDirectoryOfARunningServer_IsRefusedAndChangesNothingThere()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await RunningServer.StartAsync(folder: folder))
        {
            var refusal = await Assert.ThrowsAsync<StartupException>(() => RunningServer.StartAsync(folder: folder));
            Assert.Contains(folder.Path, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("in use by another running server", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(System.Net.HttpStatusCode.Created, (await first.PostAsync("/api/channels", "{ \"id\": \"second\" }")).Status);
        }

        await using var next = await RunningServer.StartAsync(folder: folder);
        Assert.Equal(2, (await next.GetAsync("/api/channels")).Json.GetArrayLength());
    }

    [Fact]
    public async Task Start_WithoutFfmpeg_WarnsAndGoesOn()
    {
        await using var server = await RunningServer.StartAsync(change: options => options with { FfmpegPath = "/nowhere/ffmpeg" });
        Assert.Contains("no program /nowhere/ffmpeg", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WithAWrongConfiguration_EndsWithOneAndSaysWhy()
    {
        using var folder = new TemporaryFolder();
        var (code, output, errors) = await RunAsync(folder, ["serve"], [("PORT", "no"), ("RTMP_PORT", "99999")]);
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Contains("2 errors", errors, StringComparison.Ordinal);
        Assert.Contains("RTMP_PORT", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version", "0.")]
    [InlineData("--help", "doctor")]
    [InlineData("--help", "stream-manager [command]")]
    public async Task Process_AskedAboutItself_Answers(string argument, string words)
    {
        using var folder = new TemporaryFolder();
        var (code, output, _) = await RunAsync(folder, [argument], []);
        Assert.Equal(0, code);
        Assert.Contains(words, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task Process_Signalled_EndsInOrder(string signal)
    {
        using var folder = new TemporaryFolder();
        using var process = Start(folder, [], [("PORT", "0"), ("WS_PORT", "0"), ("METRICS_PORT", "0"), ("HEALTH_PORT", "0"), ("RTMP_PORT", "0"), ("BIND_ADDRESS", "127.0.0.1")]);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var seen = "";
        while (!seen.Contains("backup key", StringComparison.Ordinal))
            seen += await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException(seen + await errors);
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString()]);
        var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("Ended.", rest, StringComparison.Ordinal);
        Assert.Matches("http://127.0.0.1:[0-9]+/setup#[A-Za-z0-9_-]{43}", seen);
    }

    [Fact]
    public async Task Process_KilledOnAir_IsOnAirAgainAfterItsRestart()
    {
        using var folder = new TemporaryFolder();
        using (var first = Start(folder, [], Free))
        {
            var api = await ReadApiAsync(first);
            await SendAsync(HttpMethod.Post, api, "/api/start");
            await WaitForFallbackAsync(api);
            // What is on air is remembered a moment after it is: a disk must not hold up the program.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (!(await File.ReadAllTextAsync(folder.File("data/state.db-wal"), Encoding.Latin1, limit.Token)).Contains("\"onAir\":true", StringComparison.Ordinal))
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            first.Kill();
            await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        using var second = Start(folder, [], Free);
        try
        {
            await WaitForFallbackAsync(await ReadApiAsync(second));
        }
        finally
        {
            second.Kill();
            await second.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task Doctor_WithEverythingThere_FindsNothing()
    {
        using var folder = new TemporaryFolder();
        var text = new StringWriter();
        Assert.Equal(0, await DoctorCommand.RunAsync(Load(folder), TimeProvider.System, text));
        Assert.DoesNotContain("FAIL", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("libx264", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WithoutFfmpegAndWithATakenPort_NamesBoth()
    {
        using var folder = new TemporaryFolder();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        var text = new StringWriter();
        var loaded = Load(folder, ("FFMPEG_PATH", "/nowhere/ffmpeg"), ("HEALTH_PORT", port.ToString()));
        Assert.Equal(1, await DoctorCommand.RunAsync(loaded, TimeProvider.System, text));
        var failures = text.ToString().Split('\n').Where(line => line.StartsWith("FAIL", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, failures.Length);
        Assert.Contains("ffmpeg", failures[0], StringComparison.Ordinal);
        Assert.Contains("HEALTH_PORT", failures[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Limiter_PerAddressAndInTotal_GivesPlacesBack()
    {
        var limiter = new ConnectionLimiter(3, 2);
        Assert.True(limiter.TryEnter("a") && limiter.TryEnter("a"));
        Assert.False(limiter.TryEnter("a"));
        Assert.True(limiter.TryEnter("b"));
        Assert.False(limiter.TryEnter("c"));
        limiter.Leave("a");
        Assert.True(limiter.TryEnter("c"));
        Assert.Equal(3, limiter.Count);
    }

    private static readonly (string Name, string Value)[] Free =
    [
        ("PORT", "0"), ("WS_PORT", "0"), ("METRICS_PORT", "0"), ("HEALTH_PORT", "0"), ("RTMP_PORT", "0"), ("BIND_ADDRESS", "127.0.0.1"), ("ADMIN_TOKEN", RunningServer.Token),
    ];

    /// <summary>Where the API of a started process listens, by its own word. Its logs are drained and left.</summary>
    private static async Task<Uri> ReadApiAsync(Process process)
    {
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.TrimStart().StartsWith("API", StringComparison.Ordinal))
                return new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
        }

        throw new InvalidOperationException("The server ended before it was ready.");
    }

    private static async Task WaitForFallbackAsync(Uri api)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!(await SendAsync(HttpMethod.Get, api, "/api/status")).Contains("\"state\":\"fallback\"", StringComparison.Ordinal))
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
    }

    private static async Task<string> SendAsync(HttpMethod method, Uri api, string path)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, new Uri(api, path));
        request.Headers.Authorization = new("Bearer", RunningServer.Token);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }

    private static OptionsResult Load(TemporaryFolder folder, params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string> { ["PORT"] = "0", ["WS_PORT"] = "0", ["METRICS_PORT"] = "0", ["HEALTH_PORT"] = "0", ["RTMP_PORT"] = "0", ["BIND_ADDRESS"] = "127.0.0.1" };
        foreach (var (name, value) in more)
            variables[name] = value;
        return OptionsLoader.Load(variables, folder.Path);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(TemporaryFolder folder, string[] arguments, (string Name, string Value)[] variables)
    {
        using var process = Start(folder, arguments, variables);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    private static Process Start(TemporaryFolder folder, string[] arguments, (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "StreamManager.Server.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
