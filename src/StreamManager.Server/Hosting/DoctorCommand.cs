using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager doctor</c>: one line per thing that the server needs; exit code 1 when something needed is missing.</summary>
internal static class DoctorCommand
{
    /// <summary>Below this a fallback clip and the state may not fit.</summary>
    private const long LeastFreeBytes = 256L << 20;

    /// <summary>A version or a list of encoders; more means that it hangs.</summary>
    private static readonly TimeSpan FfmpegTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Certificates and tokens have dates: before this one the clock was never set.</summary>
    private static readonly DateTimeOffset EarliestTime = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private enum Verdict
    {
        Good = 1,
        Note = 2,
        Bad = 3,
    }

    /// <summary>Checks everything.</summary>
    public static async Task<int> RunAsync() => await RunAsync(OptionsLoader.Load(), TimeProvider.System, Console.Out);

    /// <summary>Checks everything for given options.</summary>
    internal static async Task<int> RunAsync(OptionsResult loaded, TimeProvider time, TextWriter output)
    {
        if (loaded is not OptionsResult.Loaded { Options: var options, Notices: var notices })
        {
            Write(output, new Finding("configuration", Verdict.Bad, ((OptionsResult.Invalid)loaded).Message.ReplaceLineEndings(" ")));
            return 1;
        }

        var findings = new List<Finding> { new("configuration", Verdict.Good, "is valid") };
        findings.AddRange(notices.Select(notice => new Finding("configuration", Verdict.Note, notice)));
        findings.AddRange(await CheckFfmpegAsync(options.FfmpegPath));
        findings.Add(CheckSqlite());
        findings.AddRange(CheckPorts(options));
        findings.Add(CheckData(options.DataDirectory));
        findings.Add(CheckDisk(options.DataDirectory));
        var now = time.GetUtcNow();
        findings.Add(now >= EarliestTime ? new("clock", Verdict.Good, $"{now:u}") : new("clock", Verdict.Bad, $"{now:u} is long past: set it, or TLS will fail"));
        foreach (var finding in findings)
            Write(output, finding);
        return findings.Any(finding => finding.Verdict is Verdict.Bad) ? 1 : 0;
    }

    private static void Write(TextWriter output, Finding finding) =>
        output.WriteLine($"{finding.Verdict switch { Verdict.Good => "ok  ", Verdict.Note => "note", _ => "FAIL" }}  {finding.Name,-14} {finding.Text}");

    private static async Task<IReadOnlyList<Finding>> CheckFfmpegAsync(string path)
    {
        if (await RunAsync(path, "-version") is not { } version)
            return [new("ffmpeg", Verdict.Bad, $"{path} cannot be run; install ffmpeg, or set FFMPEG_PATH (without it the fallback is the last picture)")];
        var findings = new List<Finding> { new("ffmpeg", Verdict.Good, version.Split('\n')[0].Trim()) };
        var encoders = await RunAsync(path, "-encoders") ?? "";
        foreach (var (name, use) in new[] { ("libx264", "clips and transcodes"), ("aac", "their sound") })
        {
            var isThere = encoders.Contains($" {name} ", StringComparison.Ordinal);
            findings.Add(new($"encoder {name}", isThere ? Verdict.Good : Verdict.Bad, isThere ? $"is there, for {use}" : $"is missing in this ffmpeg; it is needed for {use}"));
        }

        foreach (var name in new[] { "h264_nvenc", "h264_qsv", "h264_vaapi" })
        {
            if (!encoders.Contains($" {name} ", StringComparison.Ordinal))
                continue;
            var works = await TryEncoderAsync(path, name);
            findings.Add(new($"encoder {name}", Verdict.Note, works ? "works here" : "is compiled in, but does not work on this machine"));
        }

        return findings;
    }

    /// <summary>A real test encode of a few frames: that an encoder is listed says nothing about the hardware.</summary>
    private static async Task<bool> TryEncoderAsync(string path, string encoder)
    {
        string[] hardware = encoder == "h264_vaapi" ? ["-vaapi_device", "/dev/dri/renderD128"] : [];
        string[] filter = encoder == "h264_vaapi" ? ["-vf", "format=nv12,hwupload"] : [];
        return await RunAsync(path, ["-v", "error", .. hardware, "-f", "lavfi", "-i", "color=size=640x360:rate=30", "-frames:v", "5", .. filter, "-c:v", encoder, "-f", "null", "-"]) is not null;
    }

    /// <summary>What a run wrote; null when it could not be started, failed, or took too long.</summary>
    private static async Task<string?> RunAsync(string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(path) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            using var limit = new CancellationTokenSource(FfmpegTimeout);
            try
            {
                var output = process.StandardOutput.ReadToEndAsync(limit.Token);
                var errors = process.StandardError.ReadToEndAsync(limit.Token);
                await Task.WhenAll(output, errors);
                await process.WaitForExitAsync(limit.Token);
                return process.ExitCode == 0 ? await output : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return null;
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return null;
        }
    }

    private static IEnumerable<Finding> CheckPorts(ServerOptions options)
    {
        (string Name, int Port)[] ports =
        [
            ("PORT", options.ApiPort), ("WS_PORT", options.WebSocketPort), ("METRICS_PORT", options.MetricsPort), ("HEALTH_PORT", options.HealthPort), ("RTMP_PORT", options.RtmpPort),
            ("RTMPS_PORT", options.RtmpsPort ?? 0),
        ];
        foreach (var (name, port) in ports.Where(entry => entry.Port != 0))
        {
            var error = TryListen(new IPEndPoint(options.BindAddress, port));
            yield return error is null
                ? new(name, Verdict.Good, $"{port} is free")
                : new(name, Verdict.Bad, $"{port} cannot be opened: {error} (is the server running already?)");
        }
    }

    private static string? TryListen(IPEndPoint endPoint)
    {
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(endPoint);
            socket.Listen(1);
            return null;
        }
        catch (SocketException e)
        {
            return e.Message;
        }
    }

    private static Finding CheckData(string folder)
    {
        try
        {
            using var held = DataDirectoryLock.Take(folder);
            var probe = Path.Combine(folder, "doctor.probe");
            DurableFile.Replace(probe, "probe"u8);
            File.Delete(probe);
            return new("DATA_DIR", Verdict.Good, $"{folder} can be read and written");
        }
        catch (StartupException e)
        {
            return new("DATA_DIR", Verdict.Bad, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new("DATA_DIR", Verdict.Bad, $"{folder} cannot be written to: {e.Message}");
        }
    }

    private static Finding CheckSqlite()
    {
        try
        {
            return new("SQLite", Verdict.Good, SqliteFile.CheckLibrary());
        }
        catch (StartupException e)
        {
            return new("SQLite", Verdict.Bad, e.Message);
        }
    }

    private static Finding CheckDisk(string folder)
    {
        try
        {
            var free = new DriveInfo(folder).AvailableFreeSpace;
            return new("disk", free >= LeastFreeBytes ? Verdict.Good : Verdict.Bad, $"{free >> 20} MB free where DATA_DIR is");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new("disk", Verdict.Bad, e.Message);
        }
    }

    private sealed record Finding(string Name, Verdict Verdict, string Text);
}
