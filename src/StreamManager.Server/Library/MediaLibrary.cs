using System.Collections.Immutable;
using System.Security.Cryptography;
using StreamManager.Engine.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Library;

/// <summary>
/// Pictures and videos that users uploaded: files in one folder, records in the store. Changes are made one at a time, files first and records last when something is added; readers see the
/// list as it was after a whole change.
/// </summary>
/// <remarks>
/// After a kill at any instant: what was not finished lies in <c>.incoming</c> and is removed by the next start; a file in its place without a record (killed between the two, or an older
/// state was put back) is looked at again and recorded; a record without its file is shown as missing, and an upload of the same bytes puts it back.
/// </remarks>
internal sealed partial class MediaLibrary : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _thumbnailFolder;
    private readonly MediaOptions _options;
    private readonly MediaRecords _records;
    private readonly MediaProbe _probe;
    private readonly EventBus _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _thumbnails = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();

    // Files of which no thumbnail can be made; touched only inside _thumbnails.
    private readonly HashSet<string> _withoutThumbnail = new(StringComparer.Ordinal);
    private ImmutableList<MediaRecord> _all;
    private Task _adoption = Task.CompletedTask;

    private MediaLibrary(
        string folder, MediaOptions options, ImmutableList<MediaRecord> all, MediaRecords records, MediaProbe probe, EventBus events, TimeProvider time, ILogger<MediaLibrary> logger)
    {
        _folder = folder;
        _thumbnailFolder = Path.Combine(folder, ".thumbnails");
        IncomingFolder = Path.Combine(folder, ".incoming");
        UploadFolder = Path.Combine(folder, ".uploads");
        _options = options;
        _all = all;
        _records = records;
        _probe = probe;
        _events = events;
        _time = time;
        _logger = logger;
    }

    /// <summary>All files, oldest first.</summary>
    public ImmutableList<MediaRecord> All => Volatile.Read(ref _all);

    /// <summary>Where files are received.</summary>
    public string IncomingFolder { get; }

    /// <summary>Where files that come in parts are kept, over restarts.</summary>
    public string UploadFolder { get; }

    /// <summary>Opens the library in a folder, makes it at the first start, and removes what an earlier process left unfinished.</summary>
    /// <exception cref="StartupException">The folder cannot be used.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<MediaLibrary> OpenAsync(
        string folder, MediaOptions options, MediaRecords records, MediaProbe probe, EventBus events, TimeProvider time, ILogger<MediaLibrary> logger, CancellationToken cancellationToken)
    {
        var library = new MediaLibrary(Path.GetFullPath(folder), options, await records.LoadAsync(cancellationToken), records, probe, events, time, logger);
        try
        {
            library.Adopt(library.TidyUp());
            return library;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder {folder} of the media library cannot be used: {e.Message} Its disk must be writable, and the folder belong to the user that the server runs as.", e);
        }
    }

    /// <summary>The file with a name; null: none. The name is only compared: no path is made of it.</summary>
    public MediaRecord? Find(string fileName) => All.Find(record => record.FileName == fileName);

    /// <summary>The file with these bytes; null: none. Missing ones count, too.</summary>
    public MediaRecord? FindSame(long length, string sha256) => All.Find(record => record.Size == length && record.Sha256 == sha256);

    /// <summary>Ends when files that lay in their place without a record at the start have one, or were left alone.</summary>
    public Task WhenAdoptedAsync() => _adoption;

    /// <summary>Where a file is.</summary>
    public string PathOf(MediaRecord record) => Path.Combine(_folder, record.FileName);

    /// <summary>There is a record, but the file is gone.</summary>
    public bool IsMissing(MediaRecord record) => !File.Exists(PathOf(record));

    /// <summary>Why a file cannot be a fallback of a kind, in words for a field; null: it can. Holds as long as <see cref="HoldAsync"/> is held.</summary>
    public string? WhyNotFallback(string fileName, FallbackKind kind)
    {
        if (Find(fileName) is not { } record)
            return "is not in the media library";
        if ((record.Kind, kind) is not ((MediaKind.Image, FallbackKind.Image) or (MediaKind.Video, FallbackKind.Video)))
            return $"is {(record.Kind is MediaKind.Image ? "an image" : "a video")}, not of this type";
        return IsMissing(record) ? "is gone from the disk of the server; upload the same file again" : null;
    }

    /// <summary>How much more can be taken now.</summary>
    public MediaRoom Room()
    {
        var all = All;
        var left = all.Count >= MediaLimits.MostFiles ? 0 : _options.LibraryLimit - all.Sum(record => record.Size);
        return new MediaRoom(_options.UploadLimit, left, new DriveInfo(_folder).AvailableFreeSpace - _options.DiskReserve);
    }

    /// <summary>Until the result is disposed no file is added or removed: for whoever decides by what is there. The catalog of channels may be changed meanwhile, not the other way round.</summary>
    public async Task<IDisposable> HoldAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        return new Hold(_gate);
    }

    /// <summary>Looks into a received file and takes it. One that is not moved is left where it is.</summary>
    /// <exception cref="StoreUnavailableException">It could not be recorded; nothing has changed.</exception>
    /// <exception cref="IOException">The disk did not take it; nothing has changed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before it was decided; nothing has changed.</exception>
    public async Task<MediaAddition> AddAsync(ReceivedFile file, string title, string actor, CancellationToken cancellationToken)
    {
        if (FindSame(file) is not { } known || IsMissing(known))
        {
            var (facts, refusal) = await _probe.InspectAsync(file.Path, cancellationToken);
            if (facts is null)
                return new MediaAddition.Refused(refusal!);
            using var hold = await HoldAsync(cancellationToken);
            // Another upload may have brought the same bytes meanwhile.
            if (FindSame(file) is not { } same)
                return Room().For(file.Length) is { } shortage ? new MediaAddition.NoRoom(shortage) : new MediaAddition.Added(await KeepAsync(file, facts, title, actor));
            if (IsMissing(same))
                file.MoveTo(PathOf(same));
            return new MediaAddition.Present(same);
        }

        return new MediaAddition.Present(known);
    }

    /// <summary>Removes a file that no channel uses. <paramref name="users"/> tells which channels do; it is asked while nothing else is changed here.</summary>
    /// <exception cref="StoreUnavailableException">The record could not be removed; nothing has changed.</exception>
    /// <exception cref="IOException">The file could not be moved away; nothing has changed.</exception>
    public async Task<MediaRemoval> RemoveAsync(string fileName, Func<MediaRecord, ImmutableArray<string>> users, string actor, CancellationToken cancellationToken)
    {
        using var hold = await HoldAsync(cancellationToken);
        if (Find(fileName) is not { } record)
            return new MediaRemoval.Missing();
        if (users(record) is { Length: > 0 } channels)
            return new MediaRemoval.InUse(channels);
        // Away first: a file in its place without a record would come back at the next start.
        var (place, away) = (PathOf(record), Path.Combine(IncomingFolder, record.FileName));
        if (File.Exists(place))
            File.Move(place, away, overwrite: true);
        try
        {
            await _records.RemoveAsync(fileName, CancellationToken.None);
        }
        catch
        {
            if (File.Exists(away))
                File.Move(away, place);
            throw;
        }

        Volatile.Write(ref _all, _all.Remove(record));
        File.Delete(away);
        File.Delete(ThumbnailOf(record));
        _events.Publish(MediaEvents.Removed(_time.GetUtcNow(), actor, record));
        return new MediaRemoval.Removed();
    }

    /// <summary>Path of a small JPEG of a file, made again when it is missing; null: it cannot be made.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<string?> GetThumbnailAsync(MediaRecord record, CancellationToken cancellationToken)
    {
        var path = ThumbnailOf(record);
        if (File.Exists(path))
            return path;
        await _thumbnails.WaitAsync(cancellationToken);
        try
        {
            if (File.Exists(path))
                return path;
            if (IsMissing(record) || _withoutThumbnail.Contains(record.FileName))
                return null;
            if (await _probe.MakeThumbnailAsync(PathOf(record), record, cancellationToken) is not { } jpeg)
            {
                _withoutThumbnail.Add(record.FileName);
                return null;
            }

            WriteThumbnail(record, jpeg);
            return path;
        }
        finally
        {
            _thumbnails.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _adoption.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _gate.Dispose();
        _thumbnails.Dispose();
    }

    private MediaRecord? FindSame(ReceivedFile file) => FindSame(file.Length, file.Sha256);

    // Decided: from here on a caller that goes away changes nothing. Only inside the gate.
    private async Task<MediaRecord> KeepAsync(ReceivedFile file, MediaFacts facts, string title, string actor)
    {
        var record = RecordOf(MediaNames.New(facts.Format), title, facts, file.Length, file.Sha256, _time.GetUtcNow());
        file.MoveTo(PathOf(record));
        try
        {
            WriteThumbnail(record, facts.Thumbnail);
            await _records.AddAsync(record, CancellationToken.None);
        }
        catch
        {
            File.Delete(PathOf(record));
            File.Delete(ThumbnailOf(record));
            throw;
        }

        Publish(record, actor);
        return record;
    }

    private void Publish(MediaRecord record, string? actor)
    {
        Volatile.Write(ref _all, _all.Add(record));
        _events.Publish(MediaEvents.Added(_time.GetUtcNow(), actor, record));
    }

    private static MediaRecord RecordOf(string fileName, string title, MediaFacts facts, long size, string sha256, DateTimeOffset createdAt) => new(
        fileName, title, facts.Format.Kind, facts.Format.Name, facts.Codec, facts.Width, facts.Height, facts.Duration?.TotalSeconds, facts.HasAudio, size, sha256, createdAt);

    private string ThumbnailOf(MediaRecord record) => Path.Combine(_thumbnailFolder, record.FileName + ".jpg");

    // Never half there; that it may be lost in a power cut is nothing: it is made again.
    private void WriteThumbnail(MediaRecord record, byte[] jpeg)
    {
        var temporary = Path.Combine(IncomingFolder, $"{Guid.NewGuid():n}.jpg");
        File.WriteAllBytes(temporary, jpeg);
        File.Move(temporary, ThumbnailOf(record), overwrite: true);
    }

    /// <summary>Makes the folders, empties what is unfinished, and tells which files have no record.</summary>
    private ImmutableArray<string> TidyUp()
    {
        foreach (var folder in new[] { _folder, IncomingFolder, UploadFolder, _thumbnailFolder })
            DurableFile.MakePrivateFolder(folder);
        foreach (var left in Directory.EnumerateFiles(IncomingFolder))
            File.Delete(left);
        var known = _all.Select(record => record.FileName).ToHashSet(StringComparer.Ordinal);
        foreach (var thumbnail in Directory.EnumerateFiles(_thumbnailFolder).Where(path => !known.Contains(Path.GetFileNameWithoutExtension(path))))
            File.Delete(thumbnail);
        foreach (var record in _all.Where(IsMissing))
            LogMissing(_logger, record.FileName);
        return [.. Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path)).Where(name => MediaNames.IsOurs(name) && !known.Contains(name))];
    }

    // Meanwhile the server starts: to look into many large files takes minutes.
    private void Adopt(ImmutableArray<string> names) => _adoption = Task.Run(async () =>
    {
        foreach (var name in names)
        {
            try
            {
                await AdoptAsync(name, _stopping.Token);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or StoreUnavailableException)
            {
                LogNotAdopted(_logger, name, e.Message);
            }
        }
    });

    private async Task AdoptAsync(string name, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, name);
        var (facts, refusal) = await _probe.InspectAsync(path, cancellationToken);
        if (facts is null)
        {
            LogNotAdopted(_logger, name, refusal!.Words);
            return;
        }

        string hash;
        await using (var stream = File.OpenRead(path))
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
        var file = new FileInfo(path);
        var record = RecordOf(name, name, facts, file.Length, hash, new DateTimeOffset(file.LastWriteTimeUtc));
        using var hold = await HoldAsync(cancellationToken);
        if (All.Any(other => other.Sha256 == hash && !IsMissing(other)))
        {
            // Uploaded again since: one is enough.
            File.Delete(path);
            return;
        }

        WriteThumbnail(record, facts.Thumbnail);
        await _records.AddAsync(record, CancellationToken.None);
        Publish(record, null);
        LogAdopted(_logger, name);
    }

    [LoggerMessage(1, LogLevel.Warning, "The file {File} of the media library is gone; what uses it shows the slate. An upload of the same file puts it back.")]
    private static partial void LogMissing(ILogger logger, string file);

    [LoggerMessage(2, LogLevel.Information, "The file {File} lay in the media library without a record, and has one now.")]
    private static partial void LogAdopted(ILogger logger, string file);

    [LoggerMessage(3, LogLevel.Warning, "The file {File} lies in the media library without a record and is left alone: {Reason}")]
    private static partial void LogNotAdopted(ILogger logger, string file, string reason);

    private sealed class Hold(SemaphoreSlim gate) : IDisposable
    {
        private SemaphoreSlim? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Release();
    }
}
