using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Hosting;
using StreamManager.Server.Monitoring;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>What runs where.</summary>
internal sealed record SystemDocument(
    string Version,
    DateTime StartedAt,
    long UptimeSeconds,
    string OperatingSystem,
    string Runtime,
    int Processors,
    long MemoryBytes,
    double ProcessorSeconds,
    string DataDirectory,
    SystemStoreDocument Store,
    SystemPortsDocument Ports,
    IReadOnlyList<SystemCheckDocument> Checks);

/// <summary>The state store. <c>Kind</c>: sqlite or redis.</summary>
internal sealed record SystemStoreDocument(string Kind, bool Available, string? Reason);

/// <summary>The ports as they were bound.</summary>
internal sealed record SystemPortsDocument(int Api, int WebSocket, int Metrics, int Health, int Rtmp, int? Rtmps);

/// <summary>What doctor says of one thing. <c>Verdict</c>: ok, note or fail.</summary>
internal sealed record SystemCheckDocument(string Name, string Verdict, string Text);

/// <summary>Entries of the log, oldest first.</summary>
/// <param name="Entries">The entries.</param>
/// <param name="Next">For <c>after</c> of the next request.</param>
internal sealed record LogDocument(IReadOnlyList<LogEntryDocument> Entries, long Next);

/// <summary>An entry of the log. <c>Level</c>: information, warning, error or critical.</summary>
internal sealed record LogEntryDocument(long Number, DateTime Time, string Level, string Category, string Message, string? Exception);

/// <summary>The machine, the server on it, and the end of its log.</summary>
internal sealed class SystemRoutes(ServerOptions options, IStateStore store, Func<BoundPorts> ports, ServerLifetime lifetime, LogTail log, TimeProvider time)
{
    /// <summary>Asking ffmpeg for its encoders and trying the hardware takes a second of a core, and the answer changes when somebody installs something.</summary>
    private static readonly TimeSpan ChecksPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private Task<IReadOnlyList<Finding>>? _ffmpeg;
    private long _ffmpegAskedAt;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/system", (Delegate)GetAsync).Needs(Permissions.Manage)
            .Describes("getSystem", "What runs where, and what doctor says of it.", route => route.Gives<SystemDocument>());
        routes.MapGet("/api/logs", (HttpRequest request) => ReadLog(request.Query)).Needs(Permissions.Manage)
            .Describes("getLogs", $"The newest entries of the server's log, oldest first; {LogTail.MostEntries} are kept.", route => route.Gives<LogDocument>().Refuses(400, "invalid_parameter")
                .Asks("level", "information (the default), warning, error or critical: this and worse.").Asks("after", "Only entries after this number.", "integer"));
    }

    private async Task<IResult> GetAsync()
    {
        var findings = new List<Finding>(await FfmpegAsync()) { MachineChecks.Sqlite(), MachineChecks.Disk(options.DataDirectory), MachineChecks.Clock(time) };
        var (bound, health) = (ports(), store.Health);
        using var process = Process.GetCurrentProcess();
        return Answers.Json(
            new SystemDocument(
                ProductVersion.Text,
                lifetime.StartedAtTime.UtcDateTime,
                (long)time.GetElapsedTime(lifetime.StartedAt).TotalSeconds,
                RuntimeInformation.OSDescription,
                RuntimeInformation.FrameworkDescription,
                Environment.ProcessorCount,
                process.WorkingSet64,
                Math.Round(process.TotalProcessorTime.TotalSeconds, 1),
                options.DataDirectory,
                new SystemStoreDocument(options.Redis is null ? "sqlite" : "redis", health.IsAvailable, health.Reason),
                new SystemPortsDocument(bound.Api, bound.WebSocket, bound.Metrics, bound.Health, bound.Rtmp, bound.Rtmps),
                [.. findings.Select(finding => new SystemCheckDocument(finding.Name, finding.Verdict switch { Verdict.Good => "ok", Verdict.Note => "note", _ => "fail" }, finding.Text))]),
            ApiJson.Readable.SystemDocument);
    }

    private Task<IReadOnlyList<Finding>> FfmpegAsync()
    {
        lock (_gate)
        {
            if (_ffmpeg is null || (_ffmpeg.IsCompleted && time.GetElapsedTime(_ffmpegAskedAt) >= ChecksPeriod))
                (_ffmpeg, _ffmpegAskedAt) = (MachineChecks.FfmpegAsync(options.FfmpegPath), time.GetTimestamp());
            return _ffmpeg;
        }
    }

    private IResult ReadLog(IQueryCollection query)
    {
        var errors = new List<FieldError>();
        var level = query.TryGetValue("level", out var word) ? LevelOf(word.ToString()) : LogLevel.Information;
        if (level is null)
            errors.Add(new FieldError("level", "must be information, warning, error or critical"));
        long after = 0;
        if (query.TryGetValue("after", out var number) && !long.TryParse(number.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out after))
            errors.Add(new FieldError("after", "must be the number of an entry"));
        if (errors.Count > 0)
            return Problem.InvalidParameters(errors);
        var entries = log.Read(level!.Value, after);
        return Answers.Json(
            new LogDocument(
                [.. entries.Select(entry => new LogEntryDocument(entry.Number, entry.Time.UtcDateTime, entry.Level.ToString().ToLowerInvariant(), entry.Category, entry.Message, entry.Exception))],
                entries is [.., var last] ? last.Number : after),
            ApiJson.Readable.LogDocument);
    }

    private static LogLevel? LevelOf(string word) => word switch
    {
        "information" => LogLevel.Information,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "critical" => LogLevel.Critical,
        _ => null,
    };
}
