using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace StreamManager.Server.Dashboard;

/// <summary>A file of the built dashboard with its compressed forms, which the build made. Immutable.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="IsHashed">Its name has a hash of what it holds: it never changes under that name.</param>
/// <param name="Plain">As it is.</param>
/// <param name="Gzip">Compressed; null: it is not worth it.</param>
/// <param name="Brotli">Compressed; null: it is not worth it.</param>
internal sealed record DashboardFile(string ContentType, bool IsHashed, DashboardFile.Form Plain, DashboardFile.Form? Gzip, DashboardFile.Form? Brotli)
{
    /// <summary>The smallest form that the browser takes. A part of a file is always of the plain one: ranges count its bytes.</summary>
    public (Form Form, string? Encoding) Choose(HttpRequest request)
    {
        if (request.Headers.Range.Count > 0 || !StringWithQualityHeaderValue.TryParseList(request.Headers.AcceptEncoding, out var accepted))
            return (Plain, null);
        if (Brotli is not null && Takes("br"))
            return (Brotli, "br");
        return Gzip is not null && Takes("gzip") ? (Gzip, "gzip") : (Plain, null);

        bool Takes(string encoding) => accepted.Any(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && one.Quality is not 0);
    }

    /// <summary>Bytes and what tells them from others.</summary>
    internal sealed record Form(ReadOnlyMemory<byte> Bytes, EntityTagHeaderValue Tag)
    {
        /// <summary>Of bytes; half a SHA-256 is more than enough to tell versions apart.</summary>
        public static Form Of(byte[] bytes) => new(bytes, new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\""));
    }
}
