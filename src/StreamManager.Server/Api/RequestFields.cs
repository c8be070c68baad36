using System.Text.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using StreamManager.Server.Options;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api;

/// <summary>
/// The fields of one JSON object of a request while it is read: every field is asked for by name and type, and what nobody asked for is refused by name.
/// Mistakes are collected, so that a client sees all of them at once.
/// </summary>
internal sealed class RequestFields
{
    /// <summary>Largest body: a destination with a bundle of certificates is below it.</summary>
    public const int LargestBody = 64 * 1024;

    /// <summary>Largest body of somebody who is not known yet: the longest name and password, each character written as <c>\uXXXX</c>, are half of it.</summary>
    public const int LargestOpenBody = 4 * 1024;

    /// <summary>A body that comes more slowly is given up (408): the largest one may take a minute.</summary>
    public static readonly MinDataRate SlowestBody = new(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Room that a body has at first; it doubles as bytes come.</summary>
    private const int FirstRoom = 2 * 1024;

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
            return (null, TooLarge(request));

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

    /// <summary>
    /// The bytes of the body; null: there are more than it may have (<see cref="LargestBody"/>, of strangers <see cref="LargestOpenBody"/>). Takes room as they come, whatever was announced.
    /// </summary>
    /// <exception cref="Microsoft.AspNetCore.Http.BadHttpRequestException">They come more slowly than <see cref="SlowestBody"/>, or not as announced.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(HttpRequest request)
    {
        var largest = LargestOf(request);
        if (request.ContentLength > largest)
            return null;
        request.HttpContext.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = SlowestBody;

        // One byte beyond the largest tells that there is more.
        var most = (int)(request.ContentLength ?? largest) + 1;
        var body = new byte[Math.Min(most, FirstRoom)];
        for (var length = 0; ;)
        {
            var read = await request.Body.ReadAsync(body.AsMemory(length), request.HttpContext.RequestAborted);
            if (read == 0)
                return body.AsMemory(0, length);
            length += read;
            if (length > largest)
                return null;
            if (length == body.Length)
                Array.Resize(ref body, Math.Min(most, 2 * body.Length));
        }
    }

    /// <summary>Is the field there, with any value but null?</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null;

    /// <summary>Is nothing there but some of these fields?</summary>
    public bool HasOnly(params ReadOnlySpan<string> names)
    {
        foreach (var property in _object.EnumerateObject())
        {
            if (!names.Contains(property.Name))
                return false;
        }

        return true;
    }

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

    /// <summary>The body is larger than that of this request may be.</summary>
    public static Problem TooLarge(HttpRequest request) =>
        new(StatusCodes.Status413PayloadTooLarge, "too_large", $"The body must not be larger than {LargestOf(request) / 1024} KB.");

    private static int LargestOf(HttpRequest request) => request.HttpContext.Features.Get<Caller>() is null ? LargestOpenBody : LargestBody;

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
