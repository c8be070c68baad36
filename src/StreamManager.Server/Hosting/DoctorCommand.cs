using System.Net;
using System.Net.Sockets;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager doctor</c>: one line per thing that the server needs; exit code 1 when something needed is missing.</summary>
internal static class DoctorCommand
{
    /// <summary>A person waits: a Redis that does not answer within this is told of as it is.</summary>
    private static readonly TimeSpan RedisPatience = TimeSpan.FromSeconds(2);

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
        findings.AddRange(await MachineChecks.FfmpegAsync(options.FfmpegPath));
        findings.Add(MachineChecks.Sqlite());
        findings.AddRange(CheckPorts(options));
        findings.Add(CheckData(options.DataDirectory));
        if (options.Redis is not null)
            findings.Add(await CheckRedisAsync(options, time));
        findings.Add(MachineChecks.Disk(options.DataDirectory));
        findings.Add(MachineChecks.Clock(time));
        foreach (var finding in findings)
            Write(output, finding);
        return findings.Any(finding => finding.Verdict is Verdict.Bad) ? 1 : 0;
    }

    private static void Write(TextWriter output, Finding finding) =>
        output.WriteLine($"{finding.Verdict switch { Verdict.Good => "ok  ", Verdict.Note => "note", _ => "FAIL" }}  {finding.Name,-14} {finding.Text}");

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

    /// <summary>Whether it answers, and whose it is.</summary>
    private static async Task<Finding> CheckRedisAsync(ServerOptions options, TimeProvider time)
    {
        const string name = "REDIS_URL";
        using var loggers = LoggerFactory.Create(_ => { });
        try
        {
            await using var store = await ServerState.OpenRedisAsync(options, RedisPatience, time, loggers, CancellationToken.None);
            return await DatabaseLease.LookAsync(store, time, CancellationToken.None) switch
            {
                (null, _) => new(name, Verdict.Good, "answers; no server holds the database"),
                ({ } holder, true) => new(name, Verdict.Note, $"answers; the database is held by a running server ({holder}): another one does not start on it"),
                ({ } holder, false) => new(name, Verdict.Good, $"answers; the server that held the database is gone ({holder})"),
            };
        }
        catch (StoreUnavailableException e)
        {
            return new(name, Verdict.Bad, e.Message);
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
}
