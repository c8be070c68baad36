using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Library;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>
/// Uploads in parts, by the tus protocol 1.0 (https://tus.io/protocols/resumable-upload) with its extensions creation, expiration and termination, so that existing clients work. Errors and
/// what can be read are in this API's own style.
/// </summary>
internal sealed class UploadRoutes(ResumableUploads uploads, TimeProvider time)
{
    private const string Version = "1.0.0";
    private const string VersionHeader = "Tus-Resumable", LengthHeader = "Upload-Length", OffsetHeader = "Upload-Offset", MetadataHeader = "Upload-Metadata", ExpiresHeader = "Upload-Expires";
    private const string PartType = "application/offset+octet-stream";

    /// <summary>Longest Upload-Metadata in characters: a name of 255 characters of four bytes in base64, and some fields that are of no use here.</summary>
    private const int LongestMetadata = 4_096;

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/uploads", (HttpContext context) => Page.Of(
            context, uploads.All, upload => upload.Record.Id, Describe, ApiJson.Readable.IReadOnlyListUploadDocument)).Needs(Permissions.Manage)
            .Describes("listUploads", "Uploads in parts: those under way, and what became of others.", route => route.Lists<UploadDocument>());
        routes.MapPost("/api/uploads", (HttpRequest request) => CreateAsync(request.HttpContext)).Needs(Permissions.Manage)
            .Describes("beginUpload", "Begins an upload in parts (tus 1.0: Upload-Length, and the filename in Upload-Metadata).", route => route.Gives<UploadDocument>(201)
                .Refuses(400, "invalid_header").Refuses(412, "tus_version_not_supported").Refuses(413, "upload_too_large").Refuses(429, "too_many_uploads")
                .Refuses(507, "media_library_full", "disk_full"));
        routes.MapGet("/api/uploads/{id}", Show).Needs(Permissions.Manage)
            .Describes("getUpload", "How far an upload is; the header Upload-Offset says where to go on.", route => route.Gives<UploadDocument>().Refuses(404, "upload_not_found"));
        routes.MapPatch("/api/uploads/{id}", (string id, HttpContext context) => ReceiveAsync(id, context)).Needs(Permissions.Manage)
            .Describes("continueUpload", "Takes the next part, at Upload-Offset; the last one is answered when the file was looked into.", route => route.TakesBytes(PartType).GivesNothing()
                .Refuses(400, "invalid_header").Refuses(404, "upload_not_found").Refuses(409, "wrong_offset", "upload_taken_over").Refuses(412, "tus_version_not_supported")
                .Refuses(413, "upload_too_large").Refuses(415, "unsupported_media_type")
                .Refuses(422, "media_empty", "media_type_not_accepted", "media_damaged", "media_encrypted", "media_without_picture", "media_beyond_limits", "media_too_slow")
                .Refuses(429, "too_many_uploads").Refuses(507, "media_library_full", "disk_full"));
        routes.MapDelete("/api/uploads/{id}", (string id, HttpContext context) => DeleteAsync(id, context)).Needs(Permissions.Manage)
            .Describes("deleteUpload", "Gives an upload up; what it became stays in the library.", route => route.GivesNothing().Refuses(404, "upload_not_found"));
    }

    private static Problem OtherVersion { get; } = new(
        StatusCodes.Status412PreconditionFailed, "tus_version_not_supported", "This version of the tus protocol is not spoken here.", $"Send {VersionHeader}: {Version}.");

    private static Problem OtherType { get; } = new(
        StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "The body must be a part of the file.", $"Send \"Content-Type: {PartType}\".");

    private async Task<IResult> CreateAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (RefuseVersion(context) is { } refused)
            return refused;
        if (ReadNumber(headers, LengthHeader) is not (> 0 and var length))
            return UploadProblems.WrongHeader(LengthHeader, "must be there once: the bytes of the whole file, at least 1");
        if (headers[MetadataHeader].Count > 1 || !TryReadTitle(headers[MetadataHeader].ToString(), out var title))
            return UploadProblems.WrongHeader(MetadataHeader, $"must be pairs of a name and a value in base64 of UTF-8, with commas between, {LongestMetadata} characters at most");
        var (upload, problem) = await uploads.CreateAsync(MediaNames.Title(title), length, context.Caller().Actor, context.RequestAborted);
        if (upload is null)
            return problem!;
        SetHeaders(context.Response, upload);
        return Answers.Json(Describe(upload), ApiJson.Readable.UploadDocument, StatusCodes.Status201Created, $"/api/uploads/{upload.Record.Id}");
    }

    private IResult Show(string id, HttpContext context)
    {
        context.Response.Headers[VersionHeader] = Version;
        if (uploads.Find(id) is not { } upload)
            return UploadProblems.NoUpload;
        SetHeaders(context.Response, upload);
        return Answers.Json(Describe(upload), ApiJson.Readable.UploadDocument);
    }

    private async Task<IResult> ReceiveAsync(string id, HttpContext context)
    {
        if (RefuseVersion(context) is { } refused)
            return refused;
        if (uploads.Find(id) is not { } upload)
            return UploadProblems.NoUpload;
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) || !type.MediaType.Equals(PartType, StringComparison.OrdinalIgnoreCase))
            return OtherType;
        if (ReadNumber(context.Request.Headers, OffsetHeader) is not { } offset)
            return UploadProblems.WrongHeader(OffsetHeader, "must be there once: where the part begins, in bytes");
        // The limit for all routes is below any video; the announced length holds instead.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        var problem = await uploads.ReceiveAsync(upload, offset, context.Request.Body, context.Request.ContentLength, context.RequestAborted);
        SetHeaders(context.Response, upload);
        if (problem is not null)
        {
            if (problem.Status == StatusCodes.Status429TooManyRequests)
                context.Response.Headers.RetryAfter = UploadProblems.RetryAfterSeconds;
            return new RefusedUpload(problem, time, isInterrupted: problem == UploadProblems.TakenOver);
        }

        if (upload.Record.FileName is { } name)
            context.Response.Headers.Location = $"/api/media/{name}";
        return TypedResults.NoContent();
    }

    private async Task<IResult> DeleteAsync(string id, HttpContext context)
    {
        if (RefuseVersion(context) is { } refused)
            return refused;
        return uploads.Find(id) is { } upload && await uploads.RemoveAsync(upload, context.RequestAborted) ? TypedResults.NoContent() : UploadProblems.NoUpload;
    }

    // Who does not say a version speaks by this API's documents, not by the protocol's.
    private static Problem? RefuseVersion(HttpContext context)
    {
        context.Response.Headers[VersionHeader] = Version;
        if (context.Request.Headers[VersionHeader] is [] or [Version])
            return null;
        context.Response.Headers["Tus-Version"] = Version;
        return OtherVersion;
    }

    private static void SetHeaders(HttpResponse response, PartialUpload upload)
    {
        var record = upload.Record;
        response.Headers.CacheControl = "no-store";
        response.Headers[OffsetHeader] = record.Offset.ToString(CultureInfo.InvariantCulture);
        response.Headers[LengthHeader] = record.Length.ToString(CultureInfo.InvariantCulture);
        response.Headers[ExpiresHeader] = record.ExpiresAt.ToString("R", CultureInfo.InvariantCulture);
    }

    private static long? ReadNumber(IHeaderDictionary headers, string name) =>
        headers[name] is [{ } text] && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The value of <c>filename</c> in <c>name base64,name base64</c>; null: it is not there.</summary>
    private static bool TryReadTitle(string metadata, out string? title)
    {
        title = null;
        if (metadata.Length > LongestMetadata)
            return false;
        foreach (var pair in metadata.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split(' ');
            var value = new byte[pair.Length];
            if (parts.Length > 2 || !Convert.TryFromBase64String(parts.ElementAtOrDefault(1) ?? "", value, out var length))
                return false;
            if (parts[0] == "filename")
                title = Encoding.UTF8.GetString(value, 0, length);
        }

        return true;
    }

    private static UploadDocument Describe(PartialUpload upload)
    {
        var record = upload.Record;
        var state = record switch
        {
            { FileName: not null } => "done",
            { Refusal: not null } => "refused",
            { IsWhole: true } => "checking",
            _ => "receiving",
        };
        return new UploadDocument(
            record.Id, record.Title, state, record.Length, record.IsDecided ? record.Offset : upload.Received, StatusMapper.Utc(record.CreatedAt)!.Value, StatusMapper.Utc(record.ExpiresAt)!.Value,
            record.FileName, record.Refusal?.Code, record.Refusal?.Words);
    }
}
