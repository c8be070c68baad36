using System.Text.Json;
using System.Text.RegularExpressions;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Monitoring;

/// <summary>The dashboard and the alerts ask only for what the server serves.</summary>
public sealed partial class DeployedMetricsTests
{
    /// <summary>Functions, keywords, label names and variables of the expressions; <c>up</c> is Prometheus' own.</summary>
    private static readonly string[] NotMetrics = ["rate", "increase", "histogram_quantile", "sum", "by", "or", "le", "track", "channel", "job", "status", "up", "s", "m", "label_values"];

    [Fact]
    public async Task Expressions_OfDashboardAndAlerts_NameMetricsOfARealPage()
    {
        await using var server = await RunningServer.StartAsync("start: always\n");
        await server.WaitForStateAsync("fallback");
        var page = (await server.SendAsync(HttpMethod.Get, "/metrics", token: null, port: server.Server.BoundPorts.Metrics)).Text;
        var served = TypeLine().Matches(page).SelectMany(match => match.Groups["type"].Value == "histogram"
            ? (string[])[match.Groups["name"].Value + "_bucket", match.Groups["name"].Value + "_sum", match.Groups["name"].Value + "_count"]
            : [match.Groups["name"].Value]).ToHashSet(StringComparer.Ordinal);

        var expressions = Dashboard().Concat(Alerts()).ToArray();
        Assert.True(expressions.Length > 25);
        foreach (var expression in expressions)
        {
            var names = Word().Matches(Quoted().Replace(expression, "")).Select(match => match.Value).Except(NotMetrics, StringComparer.Ordinal).ToArray();
            Assert.True(names.Length > 0 || expression.StartsWith("up{", StringComparison.Ordinal), expression);
            Assert.All(names, name => Assert.True(served.Contains(name), $"{name} in {expression} is not on the page"));
        }
    }

    [Fact]
    public void Dashboard_IsAClassicOneWithPanelsThatDoNotOverlap()
    {
        var root = JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "deploy/grafana/stream-manager.json"))).RootElement;
        Assert.Equal(39, root.GetProperty("schemaVersion").GetInt32());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("id").ValueKind);
        var panels = root.GetProperty("panels").EnumerateArray().ToArray();
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        Assert.All(panels, panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));
        var cells = panels.Select(panel => panel.GetProperty("gridPos")).SelectMany(grid =>
            from x in Enumerable.Range(grid.GetProperty("x").GetInt32(), grid.GetProperty("w").GetInt32())
            from y in Enumerable.Range(grid.GetProperty("y").GetInt32(), grid.GetProperty("h").GetInt32())
            select (x, y)).ToArray();
        Assert.Equal(cells.Length, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.x, 0, 23));
    }

    private static IEnumerable<string> Dashboard() =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "deploy/grafana/stream-manager.json"))).RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!);

    private static IEnumerable<string> Alerts() => File.ReadLines(Path.Combine(RepositoryFiles.Root, "deploy/prometheus/alerts.yml"))
        .Select(line => line.Trim()).Where(line => line.StartsWith("expr: ", StringComparison.Ordinal)).Select(line => line[6..]);

    [GeneratedRegex(@"^# TYPE (?<name>\w+) (?<type>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex TypeLine();

    /// <summary>Texts, durations and Grafana's variables.</summary>
    [GeneratedRegex(@"""[^""]*""|\[[^\]]*\]|\$\w+")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\b[a-z_][a-z0-9_]*\b")]
    private static partial Regex Word();
}
