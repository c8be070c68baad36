using System.Globalization;

namespace StreamManager.EndToEnd.Tests.Support;

/// <summary>Reads single values off <c>/metrics</c>.</summary>
internal static class Metrics
{
    /// <summary>The value of a series, written as on the page, for example <c>rtmp_errors_total{reason="protocol_error"}</c>; 0 when it is not there yet.</summary>
    public static async Task<double> ReadAsync(ServerProcess server, string series)
    {
        var page = (await server.Api.GetAsync($"http://127.0.0.1:{server.MetricsPort}/metrics")).Text;
        var line = page.Split('\n').FirstOrDefault(line => line.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
