using System.Collections.Concurrent;
using System.Collections.Immutable;
using StreamManager.Server.Api;
using StreamManager.Server.Events;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Library;

/// <summary>
/// Uploads that come in parts, over broken connections and restarts. How many there may be, and how much room they may take together, is decided when one begins; when the last byte is
/// there the file is looked into as any upload is, whether or not somebody still waits for the outcome. Thread-safe.
/// </summary>
/// <remarks>Unknown to clients is only what came after the last flush before a kill (at most 16 MiB): they ask for the offset, and send that again.</remarks>
internal sealed partial class ResumableUploads : IAsyncDisposable
{
    /// <summary>How often old ones are looked for.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, PartialUpload> _uploads = new(StringComparer.Ordinal);
    private readonly MediaLibrary _library;
    private readonly UploadFolder _folder;
    private readonly PartReceiver _receiver;
    private readonly EventBus _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _creating = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _sweeping;
    private Task _resumed = Task.CompletedTask;

    private ResumableUploads(MediaLibrary library, UploadFolder folder, UploadPlaces places, EventBus events, TimeProvider time, ILogger<ResumableUploads> logger)
    {
        _library = library;
        _folder = folder;
        _receiver = new PartReceiver(library, folder, places, events, time, logger);
        _events = events;
        _time = time;
        _logger = logger;
        _sweeping = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    /// <summary>Goes on with what an earlier process had; files that were whole are looked into in the background.</summary>
    /// <exception cref="StartupException">The folder cannot be used.</exception>
    public static ResumableUploads Open(MediaLibrary library, UploadPlaces places, EventBus events, TimeProvider time, ILogger<ResumableUploads> logger)
    {
        var folder = new UploadFolder(library.UploadFolder);
        try
        {
            var left = folder.Load();
            var uploads = new ResumableUploads(library, folder, places, events, time, logger);
            foreach (var record in left)
                uploads._uploads[record.Id] = new PartialUpload(record);
            uploads.Sweep();
            uploads._resumed = Task.Run(uploads.ResumeAsync);
            return uploads;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder {library.UploadFolder} of unfinished uploads cannot be used: {e.Message}", e);
        }
    }

    /// <summary>All of them, oldest first.</summary>
    public ImmutableArray<PartialUpload> All => [.. _uploads.Values.OrderBy(upload => upload.Record.CreatedAt).ThenBy(upload => upload.Record.Id, StringComparer.Ordinal)];

    /// <summary>The upload with an id; null: none.</summary>
    public PartialUpload? Find(string id) => _uploads.GetValueOrDefault(id);

    /// <summary>Begins one. One of the two comes back.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public async Task<(PartialUpload? Upload, Problem? Problem)> CreateAsync(string title, long length, string actor, CancellationToken cancellationToken)
    {
        await _creating.WaitAsync(cancellationToken);
        try
        {
            Sweep();
            var unfinished = _uploads.Values.Where(upload => !upload.Record.IsDecided).ToArray();
            if (unfinished.Length >= MediaLimits.MostUnfinished)
                return (null, UploadProblems.TooManyUnfinished);
            var room = _library.Room();
            room = room with
            {
                LibraryLeft = room.LibraryLeft - unfinished.Sum(upload => upload.Record.Length),
                DiskLeft = room.DiskLeft - unfinished.Sum(upload => upload.Record.Length - upload.Received),
            };
            if (room.For(length) is { } shortage)
                return (null, UploadProblems.Of(shortage, room));
            var now = _time.GetUtcNow();
            var upload = new PartialUpload(new UploadRecord(UploadFolder.NewId(), title, actor, length, 0, now, now));
            await Task.Run(() => _folder.Save(upload.Record), CancellationToken.None);
            _uploads[upload.Record.Id] = upload;
            return (upload, null);
        }
        finally
        {
            _creating.Release();
        }
    }

    /// <summary>Takes the next part; when it is the last one, looks into the file and tells what came of it. Null: all is well.</summary>
    /// <param name="upload">One of <see cref="All"/>.</param>
    /// <param name="offset">Where the client thinks that the part belongs.</param>
    /// <param name="body">The part.</param>
    /// <param name="length">Its bytes; null: the client does not say.</param>
    /// <param name="cancellationToken">The request has ended. What came counts all the same.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="Storage.StoreUnavailableException">The file could not be recorded; an empty part at the end tries it again.</exception>
    public async Task<Problem?> ReceiveAsync(PartialUpload upload, long offset, Stream body, long? length, CancellationToken cancellationToken)
    {
        using var turn = await upload.TakeTurnAsync(cancellationToken);
        var record = upload.Record;
        if (upload.IsRemoved)
            return UploadProblems.NoUpload;
        if (record.Refusal is { } refusal)
            return UploadProblems.Of(refusal);
        if (offset != record.Offset)
            return UploadProblems.WrongOffset(record.Offset);
        if (length > record.Length - offset)
            return UploadProblems.BeyondLength(record.Length);
        if (!record.IsWhole && await _receiver.ReceiveAsync(upload, body, turn.Interrupted, cancellationToken) is { } problem)
        {
            ForgetOldOutcomes();
            return problem;
        }

        return upload.Record is { IsWhole: true, IsDecided: false } ? await DecideAsync(upload).WaitAsync(cancellationToken) : null;
    }

    /// <summary>Forgets one, and its bytes. What it became stays in the library. False: it is gone already.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="IOException">The disk does not let it go.</exception>
    public async Task<bool> RemoveAsync(PartialUpload upload, CancellationToken cancellationToken)
    {
        using var turn = await upload.TakeTurnAsync(cancellationToken);
        if (upload.IsRemoved)
            return false;
        if (upload.Deciding is { } deciding)
            await Task.WhenAny(deciding).WaitAsync(cancellationToken);
        Remove(upload, "upload_cancelled", "It was given up.");
        return true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sweeping.DisposeAsync();
        await _stopping.CancelAsync();
        await _resumed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var upload in _uploads.Values)
            await ((Task?)upload.Deciding ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
        _creating.Dispose();
    }

    // Within a turn. One that has failed for a reason that is not the file's is begun again.
    private Task<Problem?> DecideAsync(PartialUpload upload)
    {
        if (upload.Deciding is not { IsCompleted: false })
            upload.Deciding = Task.Run(() => LookIntoAsync(upload));
        return upload.Deciding;
    }

    private async Task<Problem?> LookIntoAsync(PartialUpload upload)
    {
        var record = upload.Record;
        if (!File.Exists(_folder.PathOf(record.Id)))
            return await FindMovedAsync(upload);
        var file = await ReceivedFile.ReadAsync(_folder.PathOf(record.Id), _stopping.Token);
        // Before the file is moved: after a kill in between the digest finds it.
        Save(upload, record with { Sha256 = file.Sha256 });
        switch (await _library.AddAsync(file, record.Title, record.Actor, _stopping.Token))
        {
            case MediaAddition.Refused { Refusal: var refusal }:
                if (refusal.Reason is not MediaRefusalReason.NotChecked)
                    _receiver.Refuse(upload, refusal);
                ForgetOldOutcomes();
                return UploadProblems.Of(refusal);
            case MediaAddition.NoRoom { Shortage: var shortage }:
                return UploadProblems.Of(shortage, _library.Room());
            case MediaAddition.Added { Record: var added }:
                Finish(upload, added.FileName);
                return null;
            case MediaAddition.Present { Record: var present }:
                Finish(upload, present.FileName);
                return null;
            default:
                throw new InvalidOperationException("An addition of no known kind.");
        }
    }

    // Killed after the file was moved into its place, and before the outcome was written down.
    private async Task<Problem?> FindMovedAsync(PartialUpload upload)
    {
        await _library.WhenAdoptedAsync().WaitAsync(_stopping.Token);
        var record = upload.Record;
        if (record.Sha256 is { } digest && _library.FindSame(record.Length, digest) is { } found)
        {
            Finish(upload, found.FileName);
            return null;
        }

        Remove(upload, "upload_lost", "Its bytes are gone from the disk of the server.");
        return UploadProblems.NoUpload;
    }

    private async Task ResumeAsync()
    {
        foreach (var upload in All.Where(upload => upload.Record is { IsWhole: true, IsDecided: false }))
        {
            try
            {
                using var turn = await upload.TakeTurnAsync(_stopping.Token);
                if (!upload.IsRemoved && !upload.Record.IsDecided)
                    await DecideAsync(upload);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or Storage.StoreUnavailableException)
            {
                LogNotDecided(_logger, upload.Record.Id, e.Message);
            }
        }
    }

    private void Finish(PartialUpload upload, string fileName)
    {
        Save(upload, upload.Record with { FileName = fileName, ChangedAt = _time.GetUtcNow() });
        _folder.RemoveBytes(upload.Record.Id);
        ForgetOldOutcomes();
    }

    private void Save(PartialUpload upload, UploadRecord record)
    {
        _folder.Save(record);
        upload.Record = record;
    }

    private void ForgetOldOutcomes()
    {
        foreach (var upload in _uploads.Values.Where(upload => upload.Record.IsDecided).OrderByDescending(upload => upload.Record.ChangedAt).Skip(MediaLimits.MostDecided))
            Forget(upload);
    }

    private void Sweep()
    {
        var now = _time.GetUtcNow();
        foreach (var upload in _uploads.Values.Where(upload => upload.Record.ExpiresAt <= now))
        {
            // Somebody writes, or the file is being looked into: then it is not old.
            using var turn = upload.TryTakeTurn();
            if (turn is null || upload.Deciding is { IsCompleted: false } || upload.IsRemoved || upload.Record.ExpiresAt > now)
                continue;
            try
            {
                Remove(upload, "upload_expired", "Its next part did not come in time.");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                LogNotRemoved(_logger, upload.Record.Id, e.Message);
            }
        }
    }

    private void Remove(PartialUpload upload, string code, string reason)
    {
        Forget(upload);
        upload.IsRemoved = true;
        if (upload.Record.IsDecided)
            return;
        var record = upload.Record;
        _events.Publish(MediaEvents.Rejected(_time.GetUtcNow(), record.Actor, record.Id, record.Title, code, reason));
    }

    private void Forget(PartialUpload upload)
    {
        _folder.Remove(upload.Record.Id);
        _uploads.TryRemove(upload.Record.Id, out _);
    }

    [LoggerMessage(1, LogLevel.Warning, "The whole upload {Upload} could not be taken into the library: {Reason}. An empty part at its end tries it again.")]
    private static partial void LogNotDecided(ILogger logger, string upload, string reason);

    [LoggerMessage(2, LogLevel.Warning, "The old upload {Upload} could not be removed from the disk: {Reason}")]
    private static partial void LogNotRemoved(ILogger logger, string upload, string reason);
}
