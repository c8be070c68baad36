using System.Text.RegularExpressions;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;
using Xunit;
using YamlDotNet.Serialization;

namespace StreamManager.Architecture.Tests;

/// <summary>The files in <c>deploy/</c>: nothing here can run containers, so what a linter would find is looked for.</summary>
public sealed partial class DeployTests
{
    private const string Dockerfile = "deploy/Dockerfile";
    private const string Compose = "deploy/compose.yml";
    private const string Unit = "deploy/systemd/stream-manager.service";

    [Fact]
    public void Dockerfile_CopiesOnlyWhatIsThereAndNotIgnored()
    {
        var allowed = SourceTree.Lines(".dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..]).ToArray();
        Assert.Equal("*", SourceTree.Lines(".dockerignore").First(line => line.Length > 0 && line[0] != '#'));
        var copied = Instructions("COPY").Where(text => !text.StartsWith("--from=", StringComparison.Ordinal)).SelectMany(text => text.Split(' ')[..^1]).Select(path => path.TrimEnd('/')).ToArray();
        Assert.NotEmpty(copied);
        Assert.All(copied, path => Assert.True(SourceTree.Exists(path) && allowed.Any(entry => path == entry || path.StartsWith(entry + "/", StringComparison.Ordinal)), path));
        Assert.Contains("Directory.Packages.props", copied);
    }

    [Fact]
    public void Dockerfile_EndsAsAUserWithoutRightsWithAHealthCheck()
    {
        Assert.Equal(["node:22-bookworm-slim AS web", "mcr.microsoft.com/dotnet/sdk:10.0 AS build", "mcr.microsoft.com/dotnet/aspnet:10.0"], Instructions("FROM"));
        Assert.Equal("$APP_UID", Assert.Single(Instructions("USER")));
        Assert.StartsWith("--interval=30s --timeout=10s ", Assert.Single(Instructions("HEALTHCHECK")), StringComparison.Ordinal);
        Assert.EndsWith("""CMD ["dotnet", "/application/StreamManager.Server.dll", "health"]""", Instructions("HEALTHCHECK")[0], StringComparison.Ordinal);
        Assert.Empty(Instructions("ADD"));
        var install = Assert.Single(Instructions("RUN"), run => run.Contains("apt-get install", StringComparison.Ordinal));
        Assert.Contains("--no-install-recommends ffmpeg libsqlite3-0", install, StringComparison.Ordinal);
        Assert.EndsWith("rm -rf /var/lib/apt/lists/*", install, StringComparison.Ordinal);

        // A secret in ENV or ARG stays in the image for everybody to read.
        Assert.DoesNotContain(Instructions("ENV").Concat(Instructions("ARG")), text => SecretName().IsMatch(text));
    }

    [Fact]
    public void Dockerfile_ExposesThePortsThatTheServerHasByDefault()
    {
        var defaults = DefaultPort().Matches(SourceTree.Text("src/StreamManager.Server/Options/ServerOptions.cs")).Select(match => match.Groups["port"].Value).Order(StringComparer.Ordinal);
        Assert.Equal(defaults, Assert.Single(Instructions("EXPOSE")).Split(' ').Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("stream-manager")]
    [InlineData("redis")]
    public void Service_OfTheComposeFile_IsShutIn(string name)
    {
        var service = Service(name);
        Assert.Equal("true", service["read_only"]);
        Assert.Equal(["ALL"], Texts(service["cap_drop"]));
        Assert.Equal(["no-new-privileges:true"], Texts(service["security_opt"]));
        Assert.Equal(["/tmp"], Texts(service["tmpfs"]));
        Assert.Contains("healthcheck", service.Keys);
        Assert.Single(Texts(service["volumes"]));
        Assert.DoesNotContain("privileged", service.Keys);
    }

    [Fact]
    public void ComposeFile_SetsOnlyWhatTheServerReadsAndHoldsNoSecret()
    {
        var environment = (Dictionary<object, object>)Service("stream-manager")["environment"];
        var known = SourceTree.CSharp("src/StreamManager.Server/Options/").Select(SourceTree.Text).ToArray();
        Assert.All(environment.Keys, name => Assert.Contains(known, text => text.Contains($"\"{name}\"", StringComparison.Ordinal)));
        Assert.All(environment.Where(pair => SecretName().IsMatch((string)pair.Key)), pair => Assert.StartsWith("${", (string)pair.Value, StringComparison.Ordinal));
        Assert.Contains("""["CMD", "dotnet", "/application/StreamManager.Server.dll", "health"]""", SourceTree.Text(Compose), StringComparison.Ordinal);
    }

    [Fact]
    public void Unit_IsHardenedAndReadsItsSettingsFromAFile()
    {
        var lines = SourceTree.Lines(Unit);
        Assert.All(
            (string[])["Type=exec", "Restart=always", "KillSignal=SIGTERM", "DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes",
                "PrivateTmp=yes", "PrivateDevices=yes", "RestrictNamespaces=yes", "SystemCallFilter=@system-service", "SystemCallArchitectures=native", "StateDirectory=stream-manager",
                "EnvironmentFile=-/etc/stream-manager/environment"],
            line => Assert.Contains(line, lines));

        // .NET compiles at run time, and readiness looks into /proc/net.
        Assert.DoesNotContain(lines, line => line.StartsWith("MemoryDenyWriteExecute=", StringComparison.Ordinal) || line.StartsWith("ProcSubset=", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("rules", "alerts.yml")]
    [InlineData("config", "prometheus.yml")]
    public async Task PrometheusFile_IsTakenByPromtool(string kind, string file)
    {
        var result = await ChildProcess.RunAsync("promtool", ["check", kind, Path.Combine(RepositoryFiles.Root, "deploy/prometheus", file)]);
        Assert.True(result.ExitCode == 0, result.ErrorTail);
    }

    /// <summary>The arguments of every instruction of a kind, with continued lines joined.</summary>
    private static string[] Instructions(string kind) =>
    [
        .. string.Join('\n', SourceTree.Lines(Dockerfile).Where(line => !line.StartsWith('#'))).Replace("\\\n", "", StringComparison.Ordinal).Split('\n')
            .Where(line => line.StartsWith(kind + " ", StringComparison.Ordinal))
            .Select(line => Spaces().Replace(line[(kind.Length + 1)..], " ").Trim()),
    ];

    private static Dictionary<object, object> Service(string name)
    {
        var document = new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(SourceTree.Text(Compose));
        return (Dictionary<object, object>)((Dictionary<object, object>)document["services"])[name];
    }

    private static IEnumerable<string> Texts(object list) => ((List<object>)list).Cast<string>();

    [GeneratedRegex("TOKEN|PASSWORD|_KEY|SECRET")]
    private static partial Regex SecretName();

    [GeneratedRegex(@"public int \w+Port \{ get; init; \} = (?<port>\d+);", RegexOptions.ExplicitCapture)]
    private static partial Regex DefaultPort();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
