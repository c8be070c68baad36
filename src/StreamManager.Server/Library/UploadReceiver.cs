using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using StreamManager.Server.Api;
using StreamManager.Server.Events;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Library;

/// <summary>
/// Receives uploads (<c>multipart/form-data</c> with one field <c>file</c>) to the disk, never into memory, and hands them to the library. Limits hold while it streams; what is not taken
/// in the end leaves nothing behind. A client that sends too slowly is cut off by Kestrel's minimum rate.
/// </summary>
internal sealed partial class UploadReceiver(MediaLibrary library, UploadPlaces places, EventBus events, TimeProvider time, ILogger<UploadReceiver> logger)
{
    /// <summary>The only field.</summary>
    public const string FieldName = "file";

    /// <summary>What stands around the file in the body: boundaries, headers with a name of 4 KB, and room.</summary>
    private const int Framing = 64 * 1024;

    /// <summary>Bytes that are read at once.</summary>
    private const int BufferSize = 128 * 1024;

    /// <summary>RFC 2046, 5.1.1.</summary>
    private const int LongestBoundary = 70;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(1);

    /// <summary>Receives the upload of a request and takes it into the library. One of the two comes back.</summary>
    public async Task<(MediaAddition? Addition, Problem? Problem)> ReceiveAsync(HttpContext context)
    {
        if (!TryGetBoundary(context.Request, out var boundary))
            return (null, NotMultipart);
        if (boundary.Length is 0 or > LongestBoundary)
            return (null, Malformed("The Content-Type has no boundary, or one of more than 70 characters."));
        // Kestrel's limit for all routes is below any video. Our own limits hold instead, also while it streams; with one of Kestrel's, what is left of a refused body could not be thrown
        // away (see RefusedUpload), and the client would see a broken connection and no reason.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var room = library.Room();
        if (room.For(Math.Max(0, (context.Request.ContentLength ?? 0) - Framing)) is { } shortage)
            return (null, UploadProblems.Of(shortage, room));
        using var place = places.TryTake();
        if (place is null)
        {
            context.Response.Headers.RetryAfter = UploadProblems.RetryAfterSeconds;
            return (null, UploadProblems.TooManyAtOnce);
        }

        var upload = new Upload($"upl_{Guid.NewGuid():n}", context.Caller().Actor, context.Request.ContentLength);
        try
        {
            return await ReceiveAsync(upload, context, boundary, room);
        }
        catch (Exception e) when (e is OperationCanceledException or BadHttpRequestException or ConnectionResetException || context.RequestAborted.IsCancellationRequested)
        {
            Reject(upload, "upload_interrupted", "The connection ended before the file was there, or it was too slow.");
            throw;
        }
    }

    private static Problem NotMultipart { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "The body must be multipart/form-data.", $"Send one file in the field \"{FieldName}\".");

    private static Problem Malformed(string detail) => new(StatusCodes.Status400BadRequest, "malformed_multipart", "The body is not valid multipart/form-data.", detail);

    private static bool TryGetBoundary(HttpRequest request, out string boundary)
    {
        boundary = "";
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase))
            return false;
        boundary = HeaderUtilities.RemoveQuotes(type.Boundary).ToString();
        return true;
    }

    private async Task<(MediaAddition?, Problem?)> ReceiveAsync(Upload upload, HttpContext context, string boundary, MediaRoom room)
    {
        var cancellationToken = context.RequestAborted;
        IncomingFile? file = null;
        try
        {
            var (received, problem) = await ReadBodyAsync(upload, context, boundary, room, created => file = created);
            if (problem is not null)
            {
                Reject(upload, problem.Code, problem.Detail ?? problem.Title);
                return (null, problem);
            }

            var whole = await Task.Run(received!.Finish, cancellationToken);
            switch (await library.AddAsync(whole, upload.Title, upload.Actor, cancellationToken))
            {
                case MediaAddition.Refused { Refusal: var refusal }:
                    Reject(upload, refusal.Code, refusal.Words);
                    return (null, UploadProblems.Of(refusal));
                case MediaAddition.NoRoom { Shortage: var shortage }:
                    var full = UploadProblems.Of(shortage, library.Room());
                    Reject(upload, full.Code, full.Title);
                    return (null, full);
                case var addition:
                    return (addition, null);
            }
        }
        catch (IOException e) when (e is not (BadHttpRequestException or ConnectionResetException) && !cancellationToken.IsCancellationRequested)
        {
            LogDisk(logger, e);
            var problem = UploadProblems.Of(MediaShortage.DiskFull, room);
            Reject(upload, problem.Code, problem.Title);
            return (null, problem);
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Reads the whole body. <paramref name="created"/> gets the file as soon as there is one, so that its owner removes it whatever happens.</summary>
    private async Task<(IncomingFile? File, Problem? Problem)> ReadBodyAsync(Upload upload, HttpContext context, string boundary, MediaRoom room, Action<IncomingFile> created)
    {
        var reader = new MultipartReader(boundary, context.Request.Body, BufferSize) { HeadersCountLimit = 16, HeadersLengthLimit = 8 * 1024 };
        IncomingFile? file = null;
        while (true)
        {
            MultipartSection? section;
            try
            {
                section = await reader.ReadNextSectionAsync(context.RequestAborted);
            }
            catch (Exception e) when (IsMalformed(e, context))
            {
                return (null, Malformed(UnexpectedEnd));
            }

            if (section is null)
                return file is null ? (null, Invalid($"is missing; needed is one file")) : (file, null);
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
                return (null, Malformed("A part has no Content-Disposition of form-data."));
            if (HeaderUtilities.RemoveQuotes(disposition.Name) != FieldName)
                return (null, Problem.Invalid([new FieldError("", $"There is a field that is not known; the only one is \"{FieldName}\".")]));
            if (file is not null)
                return (null, Invalid("is there twice; send one file at a time"));
            upload.Title = MediaNames.Title(disposition.FileNameStar.HasValue ? disposition.FileNameStar.ToString() : HeaderUtilities.RemoveQuotes(disposition.FileName).ToString());
            file = IncomingFile.Create(library.IncomingFolder);
            created(file);
            if (await ReadFileAsync(upload, context, section.Body, file, room) is { } problem)
                return (null, problem);
        }
    }

    private async Task<Problem?> ReadFileAsync(Upload upload, HttpContext context, Stream body, IncomingFile file, MediaRoom room)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            var (isKnown, asked) = (false, 0L);
            while (true)
            {
                int read;
                try
                {
                    // Whole buffers: the disk is written in large pieces, and the first one is enough to tell what the file is.
                    read = await body.ReadAtLeastAsync(buffer.AsMemory(0, BufferSize), BufferSize, throwOnEndOfStream: false, context.RequestAborted);
                }
                catch (Exception e) when (IsMalformed(e, context))
                {
                    return Malformed(UnexpectedEnd);
                }

                if (!isKnown && MediaSignature.Identify(buffer.AsSpan(0, Math.Min(read, MediaSignature.SniffLength))) is { Refusal: { } refusal })
                    return UploadProblems.Of(refusal);
                isKnown = true;
                if (read == 0)
                    return null;
                if (room.For(file.Length + read) is { } shortage)
                    return UploadProblems.Of(shortage, room);
                await file.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                if (file.Length - asked >= MediaLimits.AskDiskEvery)
                {
                    asked = file.Length;
                    room = library.Room();
                    // What is written already is no longer among the disk's free bytes.
                    room = room with { DiskLeft = room.DiskLeft + file.Length };
                }

                TellProgress(upload, file.Length);
                if (read < BufferSize)
                    return null;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private const string UnexpectedEnd = "It ends before its last boundary, or its parts have headers that are too long. Does the boundary of the Content-Type stand in the body?";

    // The reader says so with the same exceptions as a connection that breaks; those go on to whoever cleans up.
    private static bool IsMalformed(Exception e, HttpContext context) =>
        e is InvalidDataException or (IOException and not (BadHttpRequestException or ConnectionResetException)) && !context.RequestAborted.IsCancellationRequested;

    private static Problem Invalid(string message) => Problem.Invalid([new FieldError($"/{FieldName}", message)]);

    private void TellProgress(Upload upload, long received)
    {
        var now = time.GetTimestamp();
        if (time.GetElapsedTime(upload.LastTold, now) < ProgressInterval && upload.LastTold != 0)
            return;
        upload.LastTold = now;
        events.Publish(MediaEvents.Uploading(time.GetUtcNow(), upload.Actor, upload.Id, upload.Title, received, upload.TotalBytes));
    }

    private void Reject(Upload upload, string code, string reason) =>
        events.Publish(MediaEvents.Rejected(time.GetUtcNow(), upload.Actor, upload.Id, upload.Title, code, reason));

    [LoggerMessage(1, LogLevel.Error, "An upload could not be written to the disk.")]
    private static partial void LogDisk(ILogger logger, Exception exception);

    /// <summary>One upload under way; touched by its own request only.</summary>
    private sealed class Upload(string id, string actor, long? totalBytes)
    {
        public string Id => id;

        public string Actor => actor;

        /// <summary>Bytes of the whole request, framing included; null: the client does not say.</summary>
        public long? TotalBytes => totalBytes;

        public string Title { get; set; } = "untitled";

        /// <summary>Timestamp of the last event; 0: none yet.</summary>
        public long LastTold { get; set; }
    }
}
