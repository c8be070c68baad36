using System.Buffers;
using StreamManager.Server.Api;
using StreamManager.Server.Events;

namespace StreamManager.Server.Library;

/// <summary>Writes parts of uploads to the disk while they come. No state of its own; the caller has the upload's turn.</summary>
internal sealed partial class PartReceiver(MediaLibrary library, UploadFolder folder, UploadPlaces places, EventBus events, TimeProvider time, ILogger logger)
{
    /// <summary>Bytes that are read at once.</summary>
    private const int BufferSize = 128 * 1024;

    /// <summary>Bytes after which the disk must have them for certain: what a client sends twice after a kill, in exchange for one flush in some seconds of a fast line.</summary>
    private const long FlushEvery = 16L << 20;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <summary>Takes a part, whatever length it has. Null: it ended in order; then, and when it broke off, what came is on the disk.</summary>
    /// <param name="upload">Where it belongs: behind what is there.</param>
    /// <param name="body">The part.</param>
    /// <param name="interrupted">Somebody else wants to write.</param>
    /// <param name="cancellationToken">The request has ended.</param>
    /// <exception cref="OperationCanceledException">The request has ended.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async Task<Problem?> ReceiveAsync(PartialUpload upload, Stream body, CancellationToken interrupted, CancellationToken cancellationToken)
    {
        using var place = places.TryTake();
        if (place is null)
            return UploadProblems.TooManyAtOnce;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupted, cancellationToken);
        FileStream file;
        try
        {
            file = folder.Append(upload.Record);
        }
        catch (IOException e)
        {
            return NotWritten(upload, e);
        }

        await using (file)
        {
            Problem? problem;
            try
            {
                problem = await CopyAsync(upload, body, file, either.Token);
            }
            catch (OperationCanceledException) when (interrupted.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                problem = UploadProblems.TakenOver;
            }
            catch
            {
                await KeepAsync(upload, file);
                throw;
            }

            problem = await KeepAsync(upload, file) ?? problem;
            if (problem is not null)
                return problem;
        }

        return null;
    }

    /// <summary>Writes down that the library does not want it, and removes its bytes.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Refuse(PartialUpload upload, MediaRefusal refusal)
    {
        var record = upload.Record with { Refusal = refusal, ChangedAt = time.GetUtcNow() };
        folder.Save(record);
        upload.Record = record;
        folder.RemoveBytes(record.Id);
        events.Publish(MediaEvents.Rejected(record.ChangedAt, record.Actor, record.Id, record.Title, refusal.Code, refusal.Words));
    }

    private async Task<Problem?> CopyAsync(PartialUpload upload, Stream body, FileStream file, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var asked = long.MinValue;
            while (true)
            {
                var (received, length) = (upload.Received, upload.Record.Length);
                // One byte more than there may be tells who sends too many.
                var read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BufferSize, length - received + 1)), cancellationToken);
                if (read == 0)
                    return null;
                if (read > length - received)
                    return UploadProblems.BeyondLength(length);
                if (received >= asked)
                {
                    var room = library.Room();
                    if (room.DiskLeft <= 0)
                        return UploadProblems.Of(MediaShortage.DiskFull, room);
                    asked = received + MediaLimits.AskDiskEvery;
                }

                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), CancellationToken.None);
                }
                catch (IOException e)
                {
                    return NotWritten(upload, e);
                }

                upload.Received = received + read;
                if (received < MediaSignature.SniffLength && (upload.Received >= MediaSignature.SniffLength || upload.Received == length) && Identify(file) is { } refusal)
                {
                    Refuse(upload, refusal);
                    return UploadProblems.Of(refusal);
                }

                if (upload.Received - upload.Record.Offset >= FlushEvery && await KeepAsync(upload, file) is { } problem)
                    return problem;
                TellProgress(upload);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Makes what came count. When the disk does not take it, it does not, and a problem comes back.</summary>
    private async Task<Problem?> KeepAsync(PartialUpload upload, FileStream file)
    {
        var record = upload.Record;
        if (record.IsDecided || upload.Received == record.Offset)
            return null;
        try
        {
            await Task.Run(() =>
            {
                file.Flush(flushToDisk: true);
                record = record with { Offset = upload.Received, ChangedAt = time.GetUtcNow() };
                folder.Save(record);
            });
            upload.Record = record;
            return null;
        }
        catch (IOException e)
        {
            return NotWritten(upload, e);
        }
    }

    private Problem NotWritten(PartialUpload upload, IOException e)
    {
        LogDisk(logger, e);
        upload.Received = upload.Record.Offset;
        return UploadProblems.Of(MediaShortage.DiskFull, library.Room());
    }

    private static MediaRefusal? Identify(FileStream file)
    {
        var start = new byte[MediaSignature.SniffLength];
        var read = 0;
        int got;
        while (read < start.Length && (got = RandomAccess.Read(file.SafeFileHandle, start.AsSpan(read), read)) > 0)
            read += got;
        return MediaSignature.Identify(start.AsSpan(0, read)).Refusal;
    }

    private void TellProgress(PartialUpload upload)
    {
        var now = time.GetTimestamp();
        if (upload.LastTold != 0 && time.GetElapsedTime(upload.LastTold, now) < ProgressInterval)
            return;
        upload.LastTold = now;
        var record = upload.Record;
        events.Publish(MediaEvents.Uploading(time.GetUtcNow(), record.Actor, record.Id, record.Title, upload.Received, record.Length));
    }

    [LoggerMessage(3, LogLevel.Error, "A part of an upload could not be written to the disk.")]
    private static partial void LogDisk(ILogger logger, Exception exception);
}
