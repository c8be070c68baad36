using System.Text.Json;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security.Accounts;

/// <summary>A user whose document cannot be read. May not come in, keeps the name, and can be removed.</summary>
/// <param name="Id">The user.</param>
/// <param name="Version">Of the document.</param>
/// <param name="Name">As far as it can be made out; null: it cannot.</param>
internal sealed record DamagedUser(string Id, long Version, string? Name)
{
    /// <summary>What can be made out of such a document.</summary>
    public static DamagedUser Of(StoredDocument document) => new(document.Id, document.Version, FindName(document.Body));

    /// <summary>For whoever asks for this user.</summary>
    public DamagedDocumentException ToException() => new("user", Id);

    /// <summary>Stands in for the record when the user is removed: it says nothing but the name.</summary>
    public Versioned<UserRecord> ToRemoved() => new(Id, new UserRecord(Name ?? "", Role.Viewer, "", "", IsEnabled: false, default, []), Version, null);

    private static string? FindName(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind is JsonValueKind.Object && json.RootElement.TryGetProperty("name", out var name) && name.ValueKind is JsonValueKind.String ? name.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or text that is no Unicode.
            return null;
        }
    }
}
