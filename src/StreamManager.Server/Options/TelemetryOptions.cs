using StreamManager.Server.Security;

namespace StreamManager.Server.Options;

/// <summary>How an OpenTelemetry collector is spoken to.</summary>
internal enum OtlpProtocol
{
    /// <summary>Protobuf in HTTP requests, usually port 4318.</summary>
    HttpProtobuf = 1,

    /// <summary>gRPC, usually port 4317.</summary>
    Grpc = 2,
}

/// <summary>Sending to an OpenTelemetry collector. The names are those of the OpenTelemetry specification.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>The collector, without the path of a signal.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Default: HTTP, as the specification advises.</summary>
    public OtlpProtocol Protocol { get; init; } = OtlpProtocol.HttpProtobuf;

    /// <summary>Headers for each request, <c>name=value,name=value</c>; null: none. They hold credentials.</summary>
    public Secret? Headers { get; init; }

    /// <summary>Time between two exports of metrics. Default 60 s, the specification's.</summary>
    public TimeSpan MetricInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What this server calls itself.</summary>
    public string ServiceName { get; init; } = "stream-manager";

    /// <summary>Reads the variables; null: no collector is named.</summary>
    public static TelemetryOptions? Read(EnvironmentSection environment)
    {
        var options = new TelemetryOptions { Endpoint = new Uri("http://127.0.0.1:4318") };
        var endpoint = environment.Read("OTEL_EXPORTER_OTLP_ENDPOINT", Url, null);
        options = options with
        {
            Endpoint = endpoint ?? options.Endpoint,
            Protocol = environment.Read("OTEL_EXPORTER_OTLP_PROTOCOL", ProtocolWord, options.Protocol),
            Headers = environment.Read("OTEL_EXPORTER_OTLP_HEADERS", HeaderList, options.Headers),
            MetricInterval = environment.Read("OTEL_METRIC_EXPORT_INTERVAL", SettingTypes.Milliseconds(1_000, 3_600_000), options.MetricInterval),
            ServiceName = environment.Read("OTEL_SERVICE_NAME", SettingTypes.Text, options.ServiceName),
        };
        return endpoint is null ? null : options;
    }

    private static readonly SettingType<OtlpProtocol> ProtocolWord = SettingTypes.Word(("http/protobuf", OtlpProtocol.HttpProtobuf), ("grpc", OtlpProtocol.Grpc));

    // A URL with a name and password in it would be shown by whoever prints it; credentials go into the headers.
    private static readonly SettingType<Uri> Url = new("an http:// or https:// address without user name, for example http://collector:4318", (string text, out Uri value) =>
        Uri.TryCreate(text, UriKind.Absolute, out value!) && value.Scheme is "http" or "https" && value.UserInfo.Length == 0 && value.Query.Length == 0, IsSecret: true);

    private static readonly SettingType<Secret> HeaderList = new("name=value pairs, separated by commas", (string text, out Secret value) =>
    {
        value = new Secret(text);
        return !text.Any(char.IsControl) && text.Split(',').All(pair => pair.IndexOf('=', StringComparison.Ordinal) > 0 && pair.TrimStart()[0] != '=');
    }, IsSecret: true);
}
