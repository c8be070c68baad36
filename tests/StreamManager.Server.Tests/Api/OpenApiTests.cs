using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;

namespace StreamManager.Server.Tests.Api;

/// <summary>The OpenAPI document: complete, and the one that is committed.</summary>
public sealed class OpenApiTests : IAsyncLifetime
{
    /// <summary>Set to 1, the committed document is written anew in place of being compared.</summary>
    private const string UpdateVariable = "UPDATE_OPENAPI";

    private RunningServer _server = null!;

    [Fact]
    public async Task Document_IsTheCommittedOne()
    {
        var document = (await DocumentAsync()).ToJsonString(new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
            .ReplaceLineEndings("\n") + "\n";
        var path = CommittedPath();
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            await File.WriteAllTextAsync(path, document, TestContext.Current.CancellationToken);
        var committed = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.True(committed == document, $"docs/openapi.json is not what the routes say. Run this test with {UpdateVariable}=1 and commit the file (CONTRIBUTING.md).");
    }

    [Fact]
    public void EveryRoute_IsDescribed_UnderANameOfItsOwn()
    {
        var routes = _server.Server.Routes.ToArray();
        var bare = routes.Where(route => route.Metadata.GetMetadata<RouteDescription>() is null || route.Metadata.GetMetadata<RouteAccess>() is null);
        Assert.Equal([], bare.Select(route => route.DisplayName));
        var descriptions = routes.Select(route => route.Metadata.GetMetadata<RouteDescription>()!).ToArray();
        Assert.Equal(descriptions.Length, descriptions.Select(description => description.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([], descriptions.Where(description => !description.Summary.EndsWith('.') && !description.Summary.EndsWith('?')).Select(description => description.Id));
        Assert.Equal([], descriptions.Where(description => description.Answers.IsEmpty).Select(description => description.Id));
    }

    [Fact]
    public async Task EveryRoute_IsInTheDocument_WithItsParameters()
    {
        var paths = (await DocumentAsync())["paths"]!.AsObject();
        foreach (var route in _server.Server.Routes)
        {
            var method = Assert.Single(route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods);
            var operation = paths[route.RoutePattern.RawText!]?[method.ToLowerInvariant()];
            Assert.True(operation is not null, $"{method} {route.RoutePattern.RawText} is not in the document");
            var parameters = operation["parameters"]?.AsArray().Where(parameter => (string?)parameter!["in"] == "path").Select(parameter => (string?)parameter!["name"]) ?? [];
            Assert.Equal(route.RoutePattern.Parameters.Select(parameter => parameter.Name), parameters);
        }
    }

    [Fact]
    public async Task EverySchema_HasANameAndSaysSomething()
    {
        var document = await DocumentAsync();
        Assert.StartsWith("3.1", (string?)document["openapi"], StringComparison.Ordinal);
        var wrong = new List<string>();
        Walk(document["paths"]!, "paths");
        foreach (var (name, schema) in document["components"]!["schemas"]!.AsObject())
        {
            Assert.Equal("object", (string?)schema!["type"]);
            Assert.True(schema["properties"]?.AsObject().Count > 0 || schema["additionalProperties"] is not null, $"{name} has no properties");
            foreach (var (property, inner) in schema["properties"]?.AsObject() ?? [])
                Walk(inner!, $"{name}.{property}", isProperty: true);
        }

        Assert.Equal([], wrong);

        // An object that is described where it stands has no name; a schema without a type says nothing.
        void Walk(JsonNode? node, string path, bool isProperty = false)
        {
            switch (node)
            {
                case JsonObject found:
                    if (found["properties"] is not null || (isProperty && found.Count == 0))
                        wrong.Add(path);
                    foreach (var (key, value) in found.Where(entry => entry.Key is not "example"))
                        Walk(value, $"{path}/{key}", key is "schema" or "items");
                    break;
                case JsonArray list:
                    foreach (var item in list)
                        Walk(item, path);
                    break;
            }
        }
    }

    [Fact]
    public async Task EveryReference_LeadsSomewhere()
    {
        var document = await DocumentAsync();
        var text = document.ToJsonString();
        foreach (var name in System.Text.RegularExpressions.Regex.Matches(text, "#/components/schemas/([A-Za-z0-9]+)").Select(match => match.Groups[1].Value).Distinct(StringComparer.Ordinal))
            Assert.True(document["components"]!["schemas"]![name] is not null, $"there is no schema {name}");
        Assert.Equal(["bearer", "cookie"], document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Document_IsForCallersOnly() =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await _server.SendAsync(HttpMethod.Get, "/openapi/v1.json", token: null)).Status);

    public async ValueTask InitializeAsync() => _server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    private static string CommittedPath()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "StreamManager.slnx")))
            folder = folder.Parent ?? throw new InvalidOperationException("The tests do not run within the repository.");
        return Path.Combine(folder.FullName, "docs", "openapi.json");
    }

    private async Task<JsonNode> DocumentAsync()
    {
        var answer = await _server.GetAsync("/openapi/v1.json");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return JsonNode.Parse(answer.Text)!;
    }
}
