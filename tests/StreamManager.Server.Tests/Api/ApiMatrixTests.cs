using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Api;

/// <summary>
/// Every route there is times everything that may be wrong about a call: the right status, a problem with a code, nothing changed, nothing told. The routes are those of the server
/// itself, so that a new one is in every table by itself. Where a row does not apply to a route, the test says why.
/// </summary>
public sealed class ApiMatrixTests : IAsyncLifetime
{
    private static readonly ImmutableArray<string> Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "BREW"];

    private readonly List<string> _wrong = [];
    private ApiMatrixServer _server = null!;
    private string _before = "";
    private (string Cookie, string Csrf) _owner;

    /// <summary>What a second call of the same kind gives. Null: there may be two that are alike.</summary>
    private static Dictionary<string, string?> Duplicates { get; } = new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["addChannel"] = "channel_exists",
        ["addUser"] = "name_taken",
        ["addDestination"] = null,
        ["makeKey"] = null,
        ["makeToken"] = null,
        ["addWebhook"] = null,
        ["rotateKey"] = "key_is_replaced",
    };

    [Fact]
    public void EveryAddress_HasAnIdThatIsThere_OrAReason()
    {
        foreach (var route in _server.Routes.Where(route => route.Path is null && !ApiMatrixServer.WithoutSample.ContainsKey(route.Pattern)))
            _wrong.Add($"{route} needs a sample in ApiMatrixServer, or a reason for none");
    }

    [Fact]
    public async Task NoToken_OrAWrongOne_Is401()
    {
        // Open routes ask for none; metrics are open to this machine.
        foreach (var route in _server.Routes.Where(route => route.Needed is not Permissions.None && route.Pattern != "/metrics"))
        {
            foreach (var token in new[] { null, "wrong", RunningServer.Token + "x", RunningServer.Token[..^1], "smt_" + new string('a', 43), new string('x', 5_000) })
            {
                var reply = await _server.SendAsync(route.Method, route.AnyPath, Body(route), token);
                Check(route, reply, 401, "unauthorized");
                if (reply.Challenge != "Bearer")
                    _wrong.Add($"{route} does not say Bearer");
            }
        }
    }

    [Fact]
    public async Task TokenWithoutTheScope_Is403_AndNamesIt()
    {
        foreach (var needed in _server.Routes.Select(route => route.Needed).Where(needed => needed is not Permissions.None).Distinct())
        {
            var token = await _server.TokenAsync(Permissions.Owner & ~needed);
            foreach (var route in _server.Routes.Where(route => route.Needed == needed && route.Pattern != "/metrics"))
            {
                var reply = await _server.SendAsync(route.Method, route.AnyPath, Body(route), token);
                Check(route, reply, 403, "forbidden");
                if (!reply.Text.Contains(PermissionNames.Either(needed), StringComparison.Ordinal))
                    _wrong.Add($"{route} does not name {needed}");
            }
        }
    }

    [Fact]
    public async Task Viewer_CanChangeNothing()
    {
        var viewer = await _server.SessionAsync("sample");
        foreach (var route in _server.Routes.Where(route => route.Needed is not (Permissions.None or Permissions.View)))
            Check(route, await SendAsync(route, viewer), 403, "forbidden");
    }

    [Fact]
    public async Task SessionWithoutItsAntiforgeryToken_Is403()
    {
        // Reading needs none.
        foreach (var route in _server.Routes.Where(route => route.Needed is not Permissions.None && route.Method != "GET"))
        {
            foreach (var csrf in new[] { "", "wrong", _owner.Csrf[..^1] })
                Check(route, await SendAsync(route, (_owner.Cookie, csrf)), 403, "antiforgery");
        }
    }

    [Fact]
    public async Task BodyThatIsNoGoodJson_IsRefused()
    {
        foreach (var route in WithBody())
        {
            foreach (var (body, code) in new[]
            {
                ("{", "malformed_json"), ("nonsense", "malformed_json"), ("{}{}", "malformed_json"), ("{ \"a\": 1, \"a\": 2 }", "malformed_json"), (new string('[', 1_000), "malformed_json"),
                ("{ \"name\": \"\\ud800\" }", "malformed_json"), ("[]", "invalid_request"), ("null", "invalid_request"), ("\"text\"", "invalid_request"), ("1e999", "invalid_request"),
            })
            {
                Check(route, await SendAsync(route, _owner, Encoding.UTF8.GetBytes(body)), 400, code);
            }

            Check(route, await SendAsync(route, _owner, [(byte)'{', (byte)'"', 0xff, 0xfe, (byte)'"', (byte)':', (byte)'1', (byte)'}']), 400, "malformed_json");
            if (!route.Route.Body!.IsOptional)
                Check(route, await SendAsync(route, _owner, []), 400, "malformed_json");
        }
    }

    [Fact]
    public async Task FieldThatIsNotDocumented_IsRefused_AndAllThatAreDocumentedAreKnown()
    {
        var document = JsonNode.Parse((await _server.Server.GetAsync("/openapi/v1.json")).Text)!;
        foreach (var route in WithBody())
        {
            var schema = Resolve(document, document["paths"]![route.Pattern]![route.Method.ToLowerInvariant()]!["requestBody"]!["content"]!["application/json"]!["schema"]!);
            await CompareAsync(route, document, schema, body => body, "");
        }
    }

    [Fact]
    public async Task FieldOfAWrongType_IsNamed()
    {
        var document = JsonNode.Parse((await _server.Server.GetAsync("/openapi/v1.json")).Text)!;
        foreach (var route in WithBody())
        {
            var schema = Resolve(document, document["paths"]![route.Pattern]![route.Method.ToLowerInvariant()]!["requestBody"]!["content"]!["application/json"]!["schema"]!);
            foreach (var (name, property) in schema["properties"]!.AsObject())
            {
                foreach (var wrong in WrongValues(TypeOf(document, property!)))
                {
                    var body = JsonNode.Parse(route.Route.Body!.Example)!.AsObject();
                    body[name] = JsonNode.Parse(wrong);
                    var reply = await SendAsync(route, _owner, Encoding.UTF8.GetBytes(body.ToJsonString()));
                    Check(route, reply, 400, "invalid_request");
                    if (!reply.Errors.Any(error => error.Field == "/" + name))
                        _wrong.Add($"{route} does not name /{name} when it is {wrong}");
                }
            }
        }
    }

    [Fact]
    public async Task BodyThatIsTooLarge_Is413()
    {
        var large = Encoding.UTF8.GetBytes("{ \"name\": \"" + new string('x', 70_000) + "\" }");
        foreach (var route in WithBody())
        {
            Check(route, await SendAsync(route, _owner, large), 413, "too_large");
            Check(route, await SendAsync(route, _owner, large, isChunked: true), 413, "too_large");
            if (route.Route.IsCreation)
                Check(route, await SendAsync(route, _owner, large, header: ("Idempotency-Key", "large")), 413, "too_large");
        }
    }

    [Fact]
    public async Task BodyOfAnotherMediaType_Is415()
    {
        foreach (var route in _server.Routes.Where(route => route.Route.Body is not null && route.Path is not null))
        {
            foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense", null })
                Check(route, await SendAsync(route, _owner, Encoding.UTF8.GetBytes("{}"), contentType: type), 415, "unsupported_media_type");
        }
    }

    [Fact]
    public async Task IdThatIsNobodys_Is404()
    {
        foreach (var route in _server.Routes.Where(route => route.Pattern.Contains('{', StringComparison.Ordinal)))
        {
            foreach (var id in new[]
            {
                "nothing", "%2e%2e%2f", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%5c%2e%2e", "..%5c..%5cstate.db", "....%2f%2f", "*", "%2a", "%20", "%25", "%0d%0aX: 1", "%F0%9F%98%80", "%c0%ae%c0%ae%2f",
                "'%20or%201=1--", "$(id)", new string('x', 2_000), "null", "-1", "d_0000000000000000",
            })
            {
                var reply = await _server.SendAsync(route.Method, route.PathWith(id), Body(route));

                // The server itself refuses what is no address at all.
                if (reply.Status == 400 && id.Contains("%0", StringComparison.Ordinal))
                    continue;
                if (reply.Status != 404 || !reply.Code.EndsWith("not_found", StringComparison.Ordinal))
                    _wrong.Add($"{route} with {id[..Math.Min(id.Length, 30)]} gives {reply.Status} {reply.Code}");
            }
        }
    }

    [Fact]
    public async Task TagThatIsStale_Is412()
    {
        foreach (var route in _server.Routes.Where(route => route.Route.ChecksTag))
        {
            foreach (var tag in new[] { "\"stale\"", "W/\"stale\"", "stale", "\"a\", \"b\"", "\"v0\"" })
                Check(route, await SendAsync(route, _owner, header: ("If-Match", tag)), 412, "stale");
        }
    }

    [Fact]
    public async Task TagOfTheAnswer_FitsUntilSomethingChanges()
    {
        foreach (var change in _server.Routes.Where(route => route.Route.ChecksTag && route.Method == "PUT"))
        {
            var tag = (await _server.SendAsync("GET", change.Path!)).Tag;
            Assert.NotNull(tag);
            var first = await SendAsync(change, _owner, Encoding.UTF8.GetBytes(Changed(change)), header: ("If-Match", tag));
            var second = await SendAsync(change, _owner, Encoding.UTF8.GetBytes(Changed(change)), header: ("If-Match", tag));
            if (first.Status != 200 || first.Tag is null || first.Tag == tag)
                _wrong.Add($"{change} gives {first.Status} and the tag {first.Tag} after {tag}: {first.Text}");
            Check(change, second, 412, "stale");
        }

        _before = await _server.StateAsync();
    }

    [Fact]
    public async Task OtherMethods_Are405_AndAllowSaysWhichThereAre()
    {
        foreach (var address in _server.Routes.GroupBy(route => route.AnyPath))
        {
            // Two routes of one address with ids may share it with a route without: /api/keys/sign is no id.
            var there = address.Select(route => route.Method).ToHashSet(StringComparer.Ordinal);
            if (there.Contains("GET") && !address.Key.StartsWith("/preview", StringComparison.Ordinal))
                there.Add("HEAD");
            foreach (var method in Methods.Where(method => !there.Contains(method)))
            {
                if (address.Key == "/api/keys/sign")
                    continue; // An id of GET and DELETE /api/keys/{id}, where it is nobody's.
                var reply = await _server.SendAsync(method, address.Key);
                if (reply.Status != 405 || (method != "HEAD" && reply.Code != "method_not_allowed") || !reply.Allow.Order(StringComparer.Ordinal).SequenceEqual(there.Order(StringComparer.Ordinal)))
                    _wrong.Add($"{method} {address.Key} gives {reply.Status}, Allow {string.Join(' ', reply.Allow)}");
            }
        }
    }

    [Fact]
    public async Task Head_IsGetWithoutTheBody()
    {
        // Previews have no end, and refuse it.
        foreach (var route in _server.Routes.Where(route => route.Method == "GET" && !route.Pattern.StartsWith("/preview", StringComparison.Ordinal)))
        {
            var (get, head) = (await _server.SendAsync("GET", route.AnyPath), await _server.SendAsync("HEAD", route.AnyPath));
            if (head.Status != get.Status || head.Text.Length > 0 || head.ContentType != get.ContentType)
                _wrong.Add($"{route}: GET {get.Status} {get.ContentType}, HEAD {head.Status} {head.ContentType} with {head.Text.Length} characters");
        }
    }

    [Fact]
    public async Task ParametersOfAPage_ThatAreWrong_AreNamed()
    {
        foreach (var route in _server.Routes.Where(route => route.Route.IsList))
        {
            foreach (var (query, name) in new[]
            {
                ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=x", "limit"), ("limit=", "limit"), ("limit=1001", "limit"), ("limit=99999999999999999999", "limit"), ("limit=1&limit=2", "limit"),
                ("limit=%2b1", "limit"), ("after=", "after"), ("after=a&after=b", "after"), ("after=" + new string('x', 201), "after"),
            })
            {
                var reply = await _server.SendAsync("GET", $"{route.Path}?{query}");
                Check(route, reply, 400, "invalid_parameter");
                if (reply.Errors.Length != 1 || reply.Errors[0].Field != name)
                    _wrong.Add($"{route} does not name {name} for {query}");
            }
        }
    }

    [Fact]
    public async Task SecondOfTheSame_IsRefusedOrMade_AsIsSaid()
    {
        foreach (var route in _server.Routes.Where(route => route.Route.IsCreation))
        {
            if (!Duplicates.TryGetValue(route.Route.Id, out var code))
            {
                _wrong.Add($"{route} needs a line in Duplicates");
                continue;
            }

            var first = await _server.SendAsync(route.Method, route.Path!, Body(route));
            var second = await _server.SendAsync(route.Method, route.Path!, Body(route));
            if (first.Status != 201)
                _wrong.Add($"{route} does not take its own example: {first.Status} {first.Text}");
            if (code is null && second.Status != 201)
                _wrong.Add($"{route} refuses a second one: {second.Status} {second.Text}");
            if (code is not null)
                Check(route, second, 409, code);
        }

        _before = await _server.StateAsync();
    }

    public async ValueTask InitializeAsync()
    {
        _server = await ApiMatrixServer.StartAsync();
        _owner = await _server.SessionAsync("owner");
        _before = await _server.StateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.True(_wrong.Count == 0, string.Join('\n', _wrong));
        Assert.Equal(_before, await _server.StateAsync());
        await _server.DisposeAsync();
    }

    /// <summary>The routes that read JSON. Without an id that is there the body is not looked at: see <see cref="ApiMatrixServer.WithoutSample"/>.</summary>
    private IEnumerable<RouteCase> WithBody() => _server.Routes.Where(route => route.Route.Body is { Type: not null } && route.Path is not null);

    private static byte[]? Body(RouteCase route) => route.Route.Body is { Example.Length: > 0 } body ? Encoding.UTF8.GetBytes(body.Example) : null;

    /// <summary>A body that changes something, whatever is there.</summary>
    private static string Changed(RouteCase route) => route.Pattern switch
    {
        "/api/channels/{id}" => """{ "settings": { "returnAfterSeconds": 7 } }""",
        "/api/webhooks/{id}" => """{ "events": ["destination.*"] }""",
        _ => """{ "name": "Other" }""",
    };

    private Task<MatrixReply> SendAsync(
        RouteCase route, (string Cookie, string Csrf) session, byte[]? body = null, string? contentType = "application/json", (string Name, string Value)? header = null, bool isChunked = false) =>
        _server.SendAsync(
            route.Method,
            route.AnyPath,
            body ?? Body(route),
            token: null,
            contentType,
            [("Cookie", session.Cookie), ("X-CSRF-Token", session.Csrf), .. header is { } more ? [more] : Array.Empty<(string, string)>()],
            isChunked);

    private void Check(RouteCase route, MatrixReply reply, int status, string code)
    {
        if (reply.Status != status || reply.Code != code)
            _wrong.Add($"{route} gives {reply.Status} {reply.Code} in place of {status} {code}");
    }

    /// <summary>Sends a field that nobody knows, at this level and in the objects within: the answer names all that are known.</summary>
    private async Task CompareAsync(RouteCase route, JsonNode document, JsonNode schema, Func<JsonObject, JsonObject> wrap, string pointer)
    {
        const string stranger = "zzzzzzzzzzzzzzzzzzzz";
        var reply = await SendAsync(route, _owner, Encoding.UTF8.GetBytes(wrap(new JsonObject { [stranger] = 1 }).ToJsonString()));
        Check(route, reply, 400, "invalid_request");
        var message = reply.Errors.FirstOrDefault(error => error.Field == $"{pointer}/{stranger}").Message ?? "";
        var known = Regex.Match(message, "there are (.*)$").Groups[1].Value.Split(", ").Order(StringComparer.Ordinal);
        var documented = schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal);
        if (!known.SequenceEqual(documented))
            _wrong.Add($"{route} knows {string.Join(' ', known)} at {pointer}/, and documented are {string.Join(' ', documented)}");
        foreach (var (name, property) in schema["properties"]!.AsObject())
        {
            if (Resolve(document, property!) is { } inner && inner["properties"] is not null)
                await CompareAsync(route, document, inner, body => wrap(new JsonObject { [name] = body }), $"{pointer}/{name}");
        }
    }

    private static JsonNode Resolve(JsonNode document, JsonNode schema)
    {
        if (schema["oneOf"] is JsonArray choices)
            return Resolve(document, choices.First(choice => (string?)choice!["type"] != "null")!);
        return (string?)schema["$ref"] is { } reference ? document["components"]!["schemas"]![reference.Split('/')[^1]]! : schema;
    }

    private static string TypeOf(JsonNode document, JsonNode schema)
    {
        var type = Resolve(document, schema)["type"];
        return type is JsonArray types ? types.Select(entry => (string)entry!).Single(entry => entry != "null") : (string)type!;
    }

    private static ImmutableArray<string> WrongValues(string type)
    {
        var values = ImmutableDictionary.CreateRange([
            KeyValuePair.Create("string", "\"x\""), KeyValuePair.Create("number", "5"), KeyValuePair.Create("boolean", "true"), KeyValuePair.Create("array", "[{}]"), KeyValuePair.Create("object", "{}")]);
        return [.. values.Where(value => value.Key != (type is "integer" ? "number" : type)).Select(value => value.Value), .. type is "integer" ? ["0.5", "1e99"] : Array.Empty<string>()];
    }
}
