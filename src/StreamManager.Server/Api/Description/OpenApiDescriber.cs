using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Api.Description;

/// <summary>Makes the OpenAPI document of what routes say about themselves (<see cref="RouteDescription"/>, <see cref="RouteAccess"/>).</summary>
internal static class OpenApiDescriber
{
    /// <summary>Name of the one document.</summary>
    public const string DocumentName = "v1";

    private const string Json = "application/json", Bearer = "bearer", Cookie = "cookie", ProblemName = "Problem";

    /// <summary>Adds what the document needs.</summary>
    public static void AddTo(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
        });
        services.AddOpenApi(DocumentName, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } id && id.EndsWith("Document", StringComparison.Ordinal)
                ? id[..^"Document".Length]
                : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
            options.AddOperationTransformer(DescribeAsync);
            options.AddSchemaTransformer((schema, context, _) =>
            {
                // What is left out when there is nothing to say is not required.
                foreach (var property in context.JsonTypeInfo.Properties.Where(IsLeftOut))
                    schema.Required?.Remove(property.Name);
                if (context.JsonTypeInfo.Type == typeof(JsonObject))
                    (schema.Description, schema.AdditionalProperties) = ("Fields of any name.", new OpenApiSchema());
                return Task.CompletedTask;
            });
            options.AddDocumentTransformer(async (document, context, cancellationToken) =>
            {
                document.Info = new OpenApiInfo { Title = "Stream Manager", Version = "1", Description = "Errors are problem details (RFC 9457) with a stable code." };
                document.Servers = [];
                document.Tags = new HashSet<OpenApiTag>(document.Paths.Keys.Select(path => GroupOf(path.TrimStart('/'))).Distinct(StringComparer.Ordinal).Select(name => new OpenApiTag { Name = name }));
                document.AddComponent<IOpenApiSecurityScheme>(Bearer, new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.Http,
                    Scheme = "bearer",
                    Description = "ADMIN_TOKEN, or an API token.",
                });
                document.AddComponent<IOpenApiSecurityScheme>(Cookie, new OpenApiSecurityScheme
                {
                    Type = SecuritySchemeType.ApiKey,
                    In = ParameterLocation.Cookie,
                    Name = SessionCookie.Name,
                    Description = $"A session; requests that change something send {SessionCookie.AntiforgeryHeader} too.",
                });

                // No route names it as its answer, so that it and what is in it get their names here.
                var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemDocument), null, cancellationToken);
                if (problem.Properties?["errors"] is OpenApiSchema errors)
                    errors.Items = new OpenApiSchemaReference(nameof(FieldError), document);
                document.AddComponent(ProblemName, problem);
                document.AddComponent(nameof(FieldError), await context.GetOrCreateSchemaAsync(typeof(FieldError), null, cancellationToken));
            });
        });
    }

    private static bool IsLeftOut(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    private static Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<RouteDescription>().LastOrDefault() is not { } route)
            return Task.CompletedTask;
        var needed = metadata.OfType<RouteAccess>().Last().Needed;
        var path = context.Description.RelativePath!;
        operation.OperationId = route.Id;
        operation.Summary = route.Summary;
        operation.Tags = new HashSet<OpenApiTagReference> { new(GroupOf(path), context.Document) };
        operation.AddExtension("x-permission", new JsonNodeExtension(JsonValue.Create(needed is Permissions.None ? "none" : PermissionNames.Either(needed))));
        if (needed is not Permissions.None)
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] },
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Cookie, context.Document)] = [] },
            ];
        }

        AddParameters(operation, route);
        if (route.Body is { } body)
            DescribeBody(operation, body);
        foreach (var answer in route.Answers)
            AddHeaders(operation, route, answer);
        foreach (var refusals in Refusals(route, needed).GroupBy(refusal => refusal.Status).OrderBy(group => group.Key))
        {
            var codes = string.Join(", ", refusals.SelectMany(refusal => refusal.Codes).Distinct(StringComparer.Ordinal));
            (operation.Responses ??= []).TryAdd(refusals.Key.ToString(CultureInfo.InvariantCulture), new OpenApiResponse
            {
                Description = codes,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    [Problem.ContentType] = new() { Schema = new OpenApiSchemaReference(ProblemName, context.Document) },
                },
            });
        }

        return Task.CompletedTask;
    }

    /// <summary>What a route may refuse with: its own reasons, and those that come with what it takes.</summary>
    private static IEnumerable<RouteRefusal> Refusals(RouteDescription route, Permissions needed)
    {
        foreach (var refusal in route.Refusals)
            yield return refusal;
        if (needed is not Permissions.None)
        {
            yield return new RouteRefusal(401, ["unauthorized"]);
            yield return new RouteRefusal(403, ["forbidden", "antiforgery"]);
            yield return new RouteRefusal(503, ["store_unavailable", "store_damaged"]);
        }

        if (route.Body is { Type: not null })
        {
            yield return new RouteRefusal(400, ["malformed_json", "invalid_request"]);
            yield return new RouteRefusal(413, ["too_large"]);
            yield return new RouteRefusal(415, ["unsupported_media_type"]);
        }

        if (route.IsList)
            yield return new RouteRefusal(400, ["invalid_parameter"]);
        if (route.ChecksTag)
            yield return new RouteRefusal(412, ["stale"]);
        if (!route.IsCreation)
            yield break;
        yield return new RouteRefusal(400, ["invalid_idempotency_key"]);
        yield return new RouteRefusal(409, ["idempotency_in_progress"]);
        yield return new RouteRefusal(422, ["idempotency_key_reused"]);
        yield return new RouteRefusal(429, ["too_many_idempotency_keys"]);
    }

    private static void AddParameters(OpenApiOperation operation, RouteDescription route)
    {
        // What handlers take from the query by name is described here too, with words.
        var parameters = operation.Parameters?.Where(parameter => parameter.In is ParameterLocation.Path).ToList() ?? [];
        foreach (var query in route.Query)
            parameters.Add(Parameter(query.Name, ParameterLocation.Query, query.Summary, query.Type is "integer" ? JsonSchemaType.Integer : JsonSchemaType.String));
        if (route.IsList)
        {
            parameters.Add(Parameter("limit", ParameterLocation.Query, $"Entries of a page, 1 to {Page.Most}; pages are in the order of the ids.", JsonSchemaType.Integer));
            parameters.Add(Parameter("after", ParameterLocation.Query, "The id of the last entry of the page before.", JsonSchemaType.String));
        }

        if (route.ChecksTag)
            parameters.Add(Parameter("If-Match", ParameterLocation.Header, "The ETag of what is to be changed; 412 when somebody else changed it meanwhile.", JsonSchemaType.String));
        if (route.IsCreation)
            parameters.Add(Parameter(Idempotency.Header, ParameterLocation.Header, "The same request with the same key gets the first answer again, for a day.", JsonSchemaType.String));
        operation.Parameters = parameters.Count == 0 ? null : parameters;
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, string summary, JsonSchemaType type) =>
        new() { Name = name, In = place, Description = summary, Schema = new OpenApiSchema { Type = type } };

    private static void DescribeBody(OpenApiOperation operation, RouteBody body)
    {
        var read = operation.RequestBody?.Content?.Values.FirstOrDefault();
        var content = new OpenApiMediaType { Schema = read?.Schema ?? new OpenApiSchema { Type = JsonSchemaType.Object } };
        if (body.Example.Length > 0)
            content.Example = JsonNode.Parse(body.Example);
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = !body.IsOptional,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [body.ContentType] = content },
        };
    }

    private static void AddHeaders(OpenApiOperation operation, RouteDescription route, RouteAnswer answer)
    {
        if (operation.Responses?.GetValueOrDefault(answer.Status.ToString(CultureInfo.InvariantCulture)) is not OpenApiResponse response)
            return;
        if (answer.ContentType is { } type && response.Content is null or { Count: 0 })
            response.Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [answer.ContentType!] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } } };
        if (answer.Status is StatusCodes.Status201Created)
            Add("Location", "Where it is.", JsonSchemaType.String);
        if (route.HasTag)
            Add("ETag", "For If-Match.", JsonSchemaType.String);
        if (route.IsList)
        {
            Add("X-Total-Count", "How many there are in all.", JsonSchemaType.Integer);
            Add("Link", "Where the next page is (rel=\"next\"); absent: this is the last.", JsonSchemaType.String);
        }

        void Add(string name, string summary, JsonSchemaType type) =>
            (response.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal))[name] = new OpenApiHeader { Description = summary, Schema = new OpenApiSchema { Type = type } };
    }

    /// <summary>The word after <c>api/</c>, or the first one.</summary>
    private static string GroupOf(string path)
    {
        var parts = path.Split('/');
        return parts[0] is "api" && parts.Length > 1 ? parts[1] : parts[0];
    }
}
