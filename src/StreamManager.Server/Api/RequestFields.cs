using System.Text.Json;
using StreamManager.Server.Options;

namespace StreamManager.Server.Api;

/// <summary>
/// The fields of one JSON object of a request while it is read: every field is asked for by name and type, and what nobody asked for is refused by name.
/// Mistakes are collected, so that a client sees all of them at once.
/// </summary>
internal sealed class RequestFields
{
    /// <summary>Largest body: a destination with a bundle of certificates is below it.</summary>
    public const int LargestBody = 64 * 1024;

    /// <summary>Deepest nesting of a body: ours have two levels.</summary>
    private const int DeepestNesting = 8;

    private readonly JsonElement _object;
    private readonly string _pointer;
    private readonly List<FieldError> _errors;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private RequestFields(JsonElement element, string pointer, List<FieldError> errors)
    {
        _object = element;
        _pointer = pointer;
        _errors = errors;
    }

    /// <summary>What was found wrong so far, here and in objects within.</summary>
    public IReadOnlyList<FieldError> Errors => _errors;

    /// <summary>Reads the body of a request. One of the two comes back.</summary>
    public static async ValueTask<(RequestFields? Fields, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            return (null, Problem.NotJson);
        if (await ReadBodyAsync(request) is not { } body)
            return (null, TooLarge);

        try
        {
            var options = new JsonDocumentOptions { MaxDepth = DeepestNesting, AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(body, options);
            ReadTexts(document.RootElement);
            return document.RootElement.ValueKind is JsonValueKind.Object
                ? (new RequestFields(document.RootElement.Clone(), "", []), null)
                : (null, Problem.Invalid([new FieldError("", "The body must be a JSON object.")]));
        }
        catch (InvalidOperationException)
        {
            return (null, NotText);
        }
        catch (JsonException e)
        {
            // The exception's text may repeat the body, and that may hold a key.
            return (null, new Problem(
                StatusCodes.Status400BadRequest, "malformed_json", "The body is not valid JSON.", $"Line {e.LineNumber + 1 ?? 1}, byte {e.BytePositionInLine + 1 ?? 1}."));
        }
    }

    /// <summary>Reads an object that came in another way, such as in a frame of the WebSocket; null stands for one without fields.</summary>
    public static (RequestFields? Fields, Problem? Problem) Read(JsonElement? element)
    {
        if (element is not { ValueKind: not JsonValueKind.Null } given)
            return (new RequestFields(Empty, "", []), null);
        try
        {
            ReadTexts(given);
        }
        catch (InvalidOperationException)
        {
            return (null, NotText);
        }

        return given.ValueKind is JsonValueKind.Object ? (new RequestFields(given, "", []), null) : (null, Problem.Invalid([new FieldError("", "The data must be a JSON object.")]));
    }

    /// <summary>The same where the body may be missing, which is taken as an object without fields.</summary>
    public static async ValueTask<(RequestFields? Fields, Problem? Problem)> ReadOptionalAsync(HttpRequest request) =>
        request.ContentLength is null or 0 && !request.Headers.ContainsKey("Transfer-Encoding")
            ? (new RequestFields(Empty, "", []), null)
            : await ReadAsync(request);

    /// <summary>The bytes of the body; null: there are more than <see cref="LargestBody"/>.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request)
    {
        if (request.ContentLength > LargestBody)
            return null;
        var body = new byte[(request.ContentLength ?? LargestBody) + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length > LargestBody)
            return null;
        return body.AsMemory(0, length);
    }

    /// <summary>Is the field there, with any value but null?</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null;

    /// <summary>A text; null when the field is absent, null or wrong.</summary>
    public string? Text(string name, SettingType<string> type)
    {
        if (!TryGet(name, JsonValueKind.String, "a text", out var value))
            return null;
        if (type.Parse(value.GetString()!, out var text))
            return text;
        Fail(name, $"must be {type.Allowed}");
        return null;
    }

    /// <summary>A text that must be there and must not be empty.</summary>
    public string? RequiredText(string name, SettingType<string> type)
    {
        if (!Has(name))
            Fail(name, $"is missing; needed is {type.Allowed}");
        return Text(name, type);
    }

    /// <summary>True or false; null when the field is absent, null or wrong.</summary>
    public bool? Boolean(string name)
    {
        _known.Add(name);
        if (!_object.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fail(name, "must be true or false");
        return null;
    }

    /// <summary>A number; null when the field is absent, null or wrong.</summary>
    public double? Number(string name, double minimum, double maximum)
    {
        var allowed = FormattableString.Invariant($"a number from {minimum} to {maximum}");
        if (!TryGet(name, JsonValueKind.Number, allowed, out var value))
            return null;
        if (value.TryGetDouble(out var number) && number >= minimum && number <= maximum)
            return number;
        Fail(name, $"must be {allowed}");
        return null;
    }

    /// <summary>A whole number; null when the field is absent, null or wrong.</summary>
    public int? Integer(string name, int minimum, int maximum)
    {
        var allowed = $"a whole number from {minimum} to {maximum}";
        if (!TryGet(name, JsonValueKind.Number, allowed, out var value))
            return null;
        if (value.TryGetInt32(out var number) && number >= minimum && number <= maximum)
            return number;
        Fail(name, $"must be {allowed}");
        return null;
    }

    /// <summary>A list of texts; null when the field is absent, null or wrong.</summary>
    public IReadOnlyList<string>? Texts(string name, SettingType<string> type, int most)
    {
        var allowed = $"a list of at most {most} texts, each {type.Allowed}";
        if (!TryGet(name, JsonValueKind.Array, allowed, out var value))
            return null;
        var texts = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (texts.Count == most || item.ValueKind is not JsonValueKind.String || !type.Parse(item.GetString()!, out var text))
            {
                Fail(name, $"must be {allowed}");
                return null;
            }

            texts.Add(text);
        }

        return texts;
    }

    /// <summary>An object within; null when the field is absent, null or wrong. It shares this one's errors.</summary>
    public RequestFields? Object(string name) =>
        TryGet(name, JsonValueKind.Object, "an object", out var value) ? new RequestFields(value, $"{_pointer}/{name}", _errors) : null;

    /// <summary>Notes a mistake at a field.</summary>
    public void Fail(string name, string message) => _errors.Add(new FieldError($"{_pointer}/{name}", message));

    /// <summary>Notes every field that nobody asked for. Call it last.</summary>
    public void RefuseUnknown()
    {
        foreach (var property in _object.EnumerateObject().Where(property => !_known.Contains(property.Name)))
        {
            var near = Spelling.Nearest(property.Name, _known);
            var name = property.Name.Length > 60 ? property.Name[..60] + "…" : property.Name;
            _errors.Add(new FieldError($"{_pointer}/{name}", near is null ? $"is not a known field; there are {string.Join(", ", _known)}" : $"is not a known field; did you mean {near}?"));
        }
    }

    private static JsonElement Empty { get; } = JsonDocument.Parse("{}").RootElement;

    private static Problem NotText { get; } = new(StatusCodes.Status400BadRequest, "malformed_json", "The body is not valid JSON.", "A text in it is not Unicode.");

    /// <summary>The body is larger than <see cref="LargestBody"/>.</summary>
    public static Problem TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body must not be larger than {LargestBody / 1024} KB.");

    // The parser lets bytes that are no UTF-8 pass, and halves of surrogate pairs, until somebody asks for the text: that is done here.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    ReadTexts(property.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    ReadTexts(item);
                break;
            case JsonValueKind.String:
                _ = element.GetString();
                break;
        }
    }

    private bool TryGet(string name, JsonValueKind kind, string allowed, out JsonElement value)
    {
        _known.Add(name);
        if (!_object.TryGetProperty(name, out value) || value.ValueKind is JsonValueKind.Null)
            return false;
        if (value.ValueKind == kind)
            return true;
        Fail(name, $"must be {allowed}");
        return false;
    }
}
