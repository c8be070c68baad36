using System.Text.Json;
using StreamManager.Server.Api;

namespace StreamManager.Server.Realtime;

/// <summary>A frame of a client: <c>{ "id", "type", "data" }</c>.</summary>
/// <param name="Id">A number or a short text that the answer repeats; null: none.</param>
/// <param name="Type">What is wanted.</param>
/// <param name="Data">Its fields; null: none.</param>
internal sealed record RealtimeCommand(JsonElement? Id, string Type, JsonElement? Data)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = RealtimeLimits.DeepestNesting, AllowDuplicateProperties = false };

    /// <summary>Reads one. Both can come back: a frame that is JSON and no command still has an id to answer.</summary>
    public static (RealtimeCommand? Command, JsonElement? Id, Problem? Problem) Read(ReadOnlyMemory<byte> frame)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(frame, Options);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            // Its text may repeat the frame, and that may hold a key.
            return (null, null, new Problem(StatusCodes.Status400BadRequest, "malformed_json", "The frame is not valid JSON."));
        }

        // As the data of a command null stands for no fields; as the command itself it is none.
        var (fields, problem) = root.ValueKind is JsonValueKind.Null ? (null, Problem.Invalid([new FieldError("", "The frame must be a JSON object.")])) : RequestFields.Read(root);
        if (fields is null)
            return (null, null, problem);
        JsonElement? id = null;
        if (root.TryGetProperty("id", out var given) && given.ValueKind is not JsonValueKind.Null)
        {
            if (given.ValueKind is JsonValueKind.Number || (given.ValueKind is JsonValueKind.String && given.GetString()!.Length <= RealtimeLimits.LongestName))
                id = given;
            else
                fields.Fail("id", $"must be a number, or a text of at most {RealtimeLimits.LongestName} characters");
        }

        JsonElement? data = root.TryGetProperty("data", out var content) ? content : null;
        if (!root.TryGetProperty("type", out var type) || type.ValueKind is not JsonValueKind.String || type.GetString()!.Length is 0 or > RealtimeLimits.LongestName)
            fields.Fail("type", "must be the name of a command");
        foreach (var name in root.EnumerateObject().Select(property => property.Name).Where(name => name is not ("id" or "type" or "data")).Take(1))
            fields.Fail(name.Length > RealtimeLimits.LongestName ? name[..RealtimeLimits.LongestName] + "…" : name, "is not a known field");
        return fields.Errors.Count > 0 ? (null, id, Problem.Invalid(fields.Errors)) : (new RealtimeCommand(id, type.GetString()!, data), id, null);
    }
}
