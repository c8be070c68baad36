using System.Collections.Immutable;
using Microsoft.Net.Http.Headers;
using StreamManager.Engine.Channels;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Channels;
using StreamManager.Server.Events;
using StreamManager.Server.Library;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>The media library: list, upload, show, use as fallback, delete.</summary>
internal sealed class MediaRoutes(ApiServices services, UploadReceiver receiver)
{
    /// <summary>A page of ours shows these files; a page of others must not, and one of them opened by itself must not act as a page of ours.</summary>
    private const string ContentSecurityPolicy = "sandbox";

    /// <summary>Names are never used again, so that what is behind one never changes.</summary>
    private const string Caching = "private, max-age=31536000, immutable";

    private static readonly SettingType<string> FileName = new("the filename of a file in the media library", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 200;
    });

    private MediaLibrary Library => services.Library;

    private static Problem NoMedia { get; } = new(StatusCodes.Status404NotFound, "media_not_found", "There is no such file in the media library.");

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/media", (HttpContext context) => Page.Of(
            context, [.. Library.All], record => record.FileName, Describe, ApiJson.Readable.IReadOnlyListMediaDocument)).Needs(Permissions.View)
            .Describes("listMedia", "The pictures and videos of the library.", route => route.Lists<MediaDocument>());
        routes.MapPost("/api/upload", (HttpRequest request) => UploadAsync(request.HttpContext)).Needs(Permissions.Manage)
            .Describes("uploadMedia", "Takes a picture or a video, in the field file; 200: it was there already.", route => route.TakesBytes("multipart/form-data")
                .Gives<MediaDocument>(201).Gives<MediaDocument>().Refuses(400, "malformed_multipart").Refuses(413, "upload_too_large").Refuses(415, "unsupported_media_type")
                .Refuses(422, "media_empty", "media_type_not_accepted", "media_damaged", "media_encrypted", "media_without_picture", "media_beyond_limits", "media_too_slow")
                .Refuses(429, "too_many_uploads").Refuses(507, "media_library_full", "disk_full"));
        routes.MapPost("/api/set_fallback", (HttpRequest request) => SetFallbackAsync(request)).Needs(Permissions.Manage)
            .Describes("setFallback", "Chooses what a channel shows when no source is good.", route => route.Takes<FallbackRequest>("""{ "type": "slate" }""").Gives<FallbackDocument>()
                .Refuses(404, "channel_not_found", "media_not_found").Refuses(409, "media_missing", "media_type_mismatch"));
        routes.MapPost("/api/delete_media", (HttpRequest request) => DeleteAsync(request)).Needs(Permissions.Manage)
            .Describes("deleteMedia", "Deletes a file that no channel uses.", route => route.Takes<MediaDeletionRequest>("""{ "filename": "FILE" }""").GivesNothing()
                .Refuses(404, "media_not_found").Refuses(409, "media_in_use"));
        routes.MapGet("/api/media/{filename}", Show).Needs(Permissions.View)
            .Describes("getMedia", "A file of the library; ranges are given.", route => route.GivesBytes("application/octet-stream").Refuses(404, "media_not_found"));
        routes.MapGet("/api/media/{filename}/thumbnail", ShowThumbnailAsync).Needs(Permissions.View)
            .Describes("getMediaThumbnail", "A small picture of it.", route => route.GivesBytes("image/jpeg").Refuses(404, "media_not_found"));
    }

    private async Task<IResult> UploadAsync(HttpContext context)
    {
        var (addition, problem) = await receiver.ReceiveAsync(context);
        if (problem is not null)
            return new RefusedUpload(problem, services.Time);
        var (record, status) = addition switch
        {
            MediaAddition.Added added => (added.Record, StatusCodes.Status201Created),
            MediaAddition.Present present => (present.Record, StatusCodes.Status200OK),
            _ => throw new InvalidOperationException("An upload that was not taken has a problem."),
        };
        context.Response.Headers.Location = $"/api/media/{record.FileName}";
        return Answers.Json(Describe(record), ApiJson.Readable.MediaDocument, status);
    }

    private async Task<IResult> SetFallbackAsync(HttpRequest request)
    {
        var (fields, problem) = await RequestFields.ReadAsync(request);
        if (fields is null)
            return problem!;
        var word = fields.RequiredText("type", new SettingType<string>(ChannelConfigReader.Fallback.Allowed, (string text, out string value) =>
        {
            value = text;
            return ChannelConfigReader.Fallback.Parse(text, out _);
        }));
        var kind = word is not null && ChannelConfigReader.Fallback.Parse(word, out var parsed) ? parsed : FallbackKind.Slate;
        var name = fields.Text("filename", FileName);
        var channelId = fields.Text("channelId", ConfigFileReader.ChannelId) ?? ChannelOptions.MainId;
        if (kind is not FallbackKind.Slate && !fields.Has("filename"))
            fields.Fail("filename", "is needed with this type: the filename of a file in the media library");
        if (word is not null && kind is FallbackKind.Slate && fields.Has("filename"))
            fields.Fail("filename", "goes with a type of image or video");
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);

        using var hold = await Library.HoldAsync(request.HttpContext.RequestAborted);
        if (name is not null && WhyNot(name, kind) is { } wrong)
            return wrong;
        var change = await services.Catalog.UpdateAsync(channelId, entry => entry.Settings with { Fallback = kind, FallbackMedia = name }, request.HttpContext.RequestAborted);
        if (change is not ChannelChange.Done)
            return Problem.Missing("channel");
        services.Events.Publish(AuditEvents.ChannelUpdated(services.Time.GetUtcNow(), request.HttpContext.Caller().Actor, channelId));
        return Answers.Json(new FallbackDocument(channelId, StatusMapper.Word(kind), name), ApiJson.Readable.FallbackDocument);
    }

    private Problem? WhyNot(string name, FallbackKind kind)
    {
        if (Library.Find(name) is not { } record)
            return NoMedia;
        if (Library.WhyNotFallback(name, kind) is not { } why)
            return null;
        return new Problem(
            StatusCodes.Status409Conflict, Library.IsMissing(record) ? "media_missing" : "media_type_mismatch", "The file cannot be this fallback.", $"It {why}.");
    }

    private async Task<IResult> DeleteAsync(HttpRequest request)
    {
        var (fields, problem) = await RequestFields.ReadAsync(request);
        if (fields is null)
            return problem!;
        var name = fields.RequiredText("filename", FileName);
        fields.RefuseUnknown();
        if (fields.Errors.Count > 0)
            return Problem.Invalid(fields.Errors);
        return await Library.RemoveAsync(name!, UsersOf, request.HttpContext.Caller().Actor, request.HttpContext.RequestAborted) switch
        {
            MediaRemoval.Missing => NoMedia,
            MediaRemoval.InUse { Channels: var channels } => new Problem(
                StatusCodes.Status409Conflict, "media_in_use", "The file is the fallback of a channel.", $"Choose another fallback first for: {string.Join(", ", channels)}."),
            _ => TypedResults.NoContent(),
        };
    }

    private IResult Show(string filename, HttpContext context)
    {
        if (Library.Find(filename) is not { } record || Open(Library.PathOf(record)) is not { } file)
            return NoMedia;
        var disposition = new ContentDispositionHeaderValue("inline");
        disposition.SetHttpFileName(record.Title);
        SetHeaders(context.Response, disposition.ToString());
        var tag = new EntityTagHeaderValue($"\"{record.Sha256[..32]}\"");
        return TypedResults.Stream(file, record.FormatInfo.ContentType, lastModified: record.CreatedAt, entityTag: tag, enableRangeProcessing: true);
    }

    private async Task<IResult> ShowThumbnailAsync(string filename, HttpContext context)
    {
        if (Library.Find(filename) is not { } record || await Library.GetThumbnailAsync(record, context.RequestAborted) is not { } path || Open(path) is not { } file)
            return NoMedia;
        SetHeaders(context.Response, "inline");
        return TypedResults.Stream(file, "image/jpeg", lastModified: record.CreatedAt);
    }

    // It may be deleted between the look and the opening; whoever has it open reads it to the end.
    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.Asynchronous);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void SetHeaders(HttpResponse response, string disposition)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers.ContentDisposition = disposition;
        response.Headers.CacheControl = Caching;
    }

    private MediaDocument Describe(MediaRecord record) => new(
        record.FileName,
        record.Title,
        record.Kind is MediaKind.Image ? "image" : "video",
        record.FormatInfo.ContentType,
        record.Codec,
        record.Width,
        record.Height,
        record.DurationSeconds,
        record.HasAudio,
        record.Size,
        record.Sha256,
        StatusMapper.Utc(record.CreatedAt)!.Value,
        Library.IsMissing(record),
        UsersOf(record),
        $"/api/media/{record.FileName}",
        $"/api/media/{record.FileName}/thumbnail");

    // Compared by path: the configuration may name a file of the library, too.
    private ImmutableArray<string> UsersOf(MediaRecord record)
    {
        var path = Library.PathOf(record);
        return [.. services.Catalog.All.Where(entry => entry.Definition.FallbackFile is { } file && Path.GetFullPath(file) == path).Select(entry => entry.Id)];
    }
}
