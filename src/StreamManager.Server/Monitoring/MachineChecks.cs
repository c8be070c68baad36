using System.Diagnostics;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage.Sqlite;

namespace StreamManager.Server.Monitoring;

/// <summary>How something is.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Good = 1,

    /// <summary>Good to know.</summary>
    Note = 2,

    /// <summary>Something needed is missing.</summary>
    Bad = 3,
}

/// <summary>What a look at one thing found, in words.</summary>
internal sealed record Finding(string Name, Verdict Verdict, string Text);

/// <summary>What the server needs of its machine: for <c>doctor</c> before it runs, and for the system page while it does.</summary>
internal static class MachineChecks
{
    /// <summary>Below this a fallback clip and the state may not fit.</summary>
    private const long LeastFreeBytes = 256L << 20;

    /// <summary>A version or a list of encoders; more means that it hangs.</summary>
    private static readonly TimeSpan FfmpegTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Certificates and tokens have dates: before this one the clock was never set.</summary>
    private static readonly DateTimeOffset EarliestTime = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The program that makes clips and transcodes, and its encoders. Takes a second or more: the hardware encoders are tried.</summary>
    public static async Task<IReadOnlyList<Finding>> FfmpegAsync(string path)
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

    /// <summary>The library of the store.</summary>
    public static Finding Sqlite()
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

    /// <summary>Room where the data is.</summary>
    public static Finding Disk(string folder)
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

    /// <summary>The wall clock.</summary>
    public static Finding Clock(TimeProvider time) => time.GetUtcNow() is var now && now >= EarliestTime
        ? new("clock", Verdict.Good, $"{now:u}")
        : new("clock", Verdict.Bad, $"{now:u} is long past: set it, or TLS will fail");
}
