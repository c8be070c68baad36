using System.Text.RegularExpressions;
using StreamManager.Server.Exports;
using StreamManager.Server.Hosting;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Exports;

public sealed partial class ExportTests : IDisposable
{
    private const string Passphrase = "a passphrase of words";

    private readonly TemporaryFolder _from = new();
    private readonly TemporaryFolder _to = new();

    private string ExportPath => _from.File("export.json");

    [Fact]
    public async Task WithSecrets_OnAnotherServer_IsAllThere()
    {
        await FillAsync();
        Assert.Equal(0, (await ExportAsync(withSecrets: true, Passphrase)).Code);
        var text = await File.ReadAllTextAsync(ExportPath, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Name of it", text, StringComparison.Ordinal);

        Assert.Equal(0, (await ImportAsync(Passphrase)).Code);

        // The same again changes nothing.
        Assert.Equal(0, (await ImportAsync(Passphrase)).Code);
        await using var server = await RunningServer.StartAsync(folder: _to);
        var destination = Assert.Single((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
        Assert.Equal(("Name of it", "…abcd", true), (destination.GetProperty("name").GetString(), destination.GetProperty("streamKeyHint").GetString(), destination.GetProperty("enabled").GetBoolean()));
        Assert.Equal("https://twitch.example/you", destination.GetProperty("playbackUrl").GetString());
        Assert.Equal(["main", "second"], (await server.GetAsync("/api/channels")).Json.EnumerateArray().Select(channel => channel.GetProperty("id").GetString()));
        Assert.Contains("mykey", (await server.GetAsync("/api/keys")).Text, StringComparison.Ordinal);

        // What is sealed from now on is sealed with its own key, and opens after a restart.
        await server.PostAsync("/api/destinations", """{ "name": "New", "url": "rtmp://127.0.0.1:1/a", "streamKey": "s3cret-efgh", "enabled": false }""");
        await server.DisposeAsync();
        await using var again = await RunningServer.StartAsync(folder: _to);
        Assert.Equal(2, (await again.GetAsync("/api/destinations")).Json.GetArrayLength());
    }

    [Fact]
    public async Task WithoutSecrets_HasNone_AndComesBackSwitchedOff()
    {
        await FillAsync();
        Assert.Equal(0, (await ExportAsync(withSecrets: false, null)).Code);
        var text = await File.ReadAllTextAsync(ExportPath, TestContext.Current.CancellationToken);
        Assert.Contains("Name of it", text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ealed\": \"", text, StringComparison.Ordinal);
        Assert.DoesNotContain("mykey", text, StringComparison.Ordinal);

        Assert.Equal(0, (await ImportAsync(null)).Code);
        await using var server = await RunningServer.StartAsync(folder: _to);
        var destination = Assert.Single((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
        Assert.Equal(("Name of it", "", false), (destination.GetProperty("name").GetString(), destination.GetProperty("streamKeyHint").GetString(), destination.GetProperty("enabled").GetBoolean()));
        Assert.Equal("rtmp://127.0.0.1:1/app", destination.GetProperty("url").GetString());
        Assert.Equal("https://twitch.example/you", destination.GetProperty("playbackUrl").GetString());
    }

    [Fact]
    public async Task Wrong_IsSaidAndChangesNothing()
    {
        await FillAsync();
        Assert.Contains("at least 12", (await ExportAsync(withSecrets: true, "short")).Error, StringComparison.Ordinal);
        Assert.False(File.Exists(ExportPath));
        await ExportAsync(withSecrets: true, Passphrase);
        Assert.Contains("is there already", (await ExportAsync(withSecrets: false, null)).Error, StringComparison.Ordinal);
        Assert.Contains("Set EXPORT_PASSPHRASE", (await ImportAsync(null)).Error, StringComparison.Ordinal);
        Assert.Contains("is not the passphrase", (await ImportAsync("another passphrase")).Error, StringComparison.Ordinal);
        Assert.Contains("There is no file", (await ImportAsync(Passphrase, _from.File("nothing"))).Error, StringComparison.Ordinal);
        await using var server = await RunningServer.StartAsync(folder: _to);
        Assert.Empty((await server.GetAsync("/api/destinations")).Json.EnumerateArray());
        Assert.Contains("in use by another running server", (await ImportAsync(Passphrase)).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{ "format": "other", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": null, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 2, "createdAt": "2026-01-01T00:00:00Z", "content": null, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": null, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": null, "salt": "x", "sealed": "y" }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": { "vault": null, "documents": [ { "kind": "user", "id": "a", "body": "{}", "expiresAt": null } ] }, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": { "vault": null, "documents": [ { "kind": "channel", "id": "a b", "body": "{}", "expiresAt": null } ] }, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": { "vault": null, "documents": [ { "kind": "destination", "id": "a", "body": "{}", "expiresAt": null } ] }, "salt": null, "sealed": null }""")]
    [InlineData("""{ "format": "stream-manager-export", "version": 1, "createdAt": "2026-01-01T00:00:00Z", "content": { "vault": { "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "keys": [] }, "documents": [ { "kind": "channel", "id": "a", "body": "{ \"settings\": {}, \"createdAt\": \"2026-01-01T00:00:00Z\" }", "expiresAt": null } ] }, "salt": null, "sealed": null }""")]
    public async Task NotAnExport_IsRefusedInWords(string text)
    {
        await File.WriteAllTextAsync(ExportPath, text, TestContext.Current.CancellationToken);
        var (code, error) = await ImportAsync(Passphrase);
        Assert.Equal(1, code);
        Assert.Contains("xport", error, StringComparison.Ordinal);
        Assert.False(File.Exists(_to.File("data/state.db")) && (await NumberOfDocumentsAsync()) > 0);
    }

    [Fact]
    public async Task Destination_FromBeforeItHadAPlaybackUrl_IsTaken_AndOneWithAnAddressForNoBrowserIsNot()
    {
        const string before = "\"channelId\": \"main\", \"name\": \"A\", \"platform\": \"custom\", \"url\": \"rtmp://127.0.0.1:1/a\", \"settings\": {}, \"createdAt\": \"2026-01-01T00:00:00Z\"";
        await WriteExportAsync(new ExportDocument("destination", "d_1", $$"""{ {{before}}, "playbackUrl": "javascript:alert(1)" }""", null));
        Assert.Contains("destination d_1 of this export cannot be read", (await ImportAsync(null)).Error, StringComparison.Ordinal);
        await WriteExportAsync(new ExportDocument("destination", "d_1", $$"""{ {{before}} }""", null));
        Assert.Equal(0, (await ImportAsync(null)).Code);
        Assert.Equal(1, await NumberOfDocumentsAsync());
    }

    [Theory]
    [InlineData("channel", "a", "garbage")]
    [InlineData("channel", "a", "{}")]
    [InlineData("channel", "a", "{ \"settings\": null, \"createdAt\": null }")]
    [InlineData("channel", "..", "{ \"settings\": {}, \"createdAt\": \"2026-01-01T00:00:00Z\" }")]
    [InlineData("channel", "a", "{ \"settings\": { \"sourceTimeoutSeconds\": 1e300 }, \"createdAt\": \"2026-01-01T00:00:00Z\" }")]
    [InlineData("channel", "a", "{ \"settings\": { \"checkIntervalSeconds\": 0 }, \"createdAt\": \"2026-01-01T00:00:00Z\" }")]
    [InlineData("channel", "a", "{ \"settings\": { \"fallback\": \"Image\", \"fallbackMedia\": \"../../secret.png\" }, \"createdAt\": \"2026-01-01T00:00:00Z\" }")]
    [InlineData("destination-override", "a", "garbage")]
    [InlineData("destination-override", "a", "{ \"enabled\": true, \"sealedStreamKey\": \"k1:AAAA\" }")]
    public async Task Document_ThatTheNextStartWouldNotTake_IsRefused(string kind, string id, string body)
    {
        await WriteExportAsync(new ExportDocument(kind, id, body, null));
        var (code, error) = await ImportAsync(null);
        Assert.Equal(1, code);
        Assert.Contains("Nothing was changed", error, StringComparison.Ordinal);
        Assert.Equal(0, await NumberOfDocumentsAsync());
    }

    [Theory]
    [InlineData("destination", true)]
    [InlineData("destination-override", false)]
    [InlineData("webhook", true)]
    [InlineData("ingest-key", true)]
    [InlineData("signing-key", true)]
    [InlineData("stream:key", false)]
    [InlineData("stream:alias", false)]
    [InlineData("user", false)]
    [InlineData("token", false)]
    public async Task Document_OfEachKind_ThatIsDamagedOrHasAnothersSecret_IsRefusedBeforeAnythingIsWritten(string kind, bool isSealed)
    {
        await FillAsync();
        Assert.Equal(0, (await ExportAsync(withSecrets: true, Passphrase)).Code);
        var content = ExportFile.Read(await File.ReadAllBytesAsync(ExportPath, TestContext.Current.CancellationToken), new Secret(Passphrase));
        var known = content.Documents.FirstOrDefault(document => document.Kind == kind) ?? new ExportDocument(kind, "some", "{}", null);
        List<ExportDocument> damaged = [known with { Body = "garbage" }, known with { Body = "null" }];

        // A secret opens for its owner only: what was sealed for another document is damaged, too.
        if (isSealed)
            damaged.Add(known with { Id = kind == "ingest-key" ? "main/other" : "another" });
        foreach (var document in damaged)
        {
            var changed = content with { Documents = [.. content.Documents.Where(other => other != known), document] };
            await File.WriteAllBytesAsync(
                ExportPath,
                System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(ExportFile.Of(changed, new Secret(Passphrase), DateTimeOffset.UnixEpoch), ExportJson.Default.ExportFile),
                TestContext.Current.CancellationToken);
            var (code, error) = await ImportAsync(Passphrase);
            Assert.Equal(1, code);
            Assert.Contains("Nothing was changed", error, StringComparison.Ordinal);
            using var loggers = Microsoft.Extensions.Logging.LoggerFactory.Create(_ => { });
            await using var state = await ServerState.OpenAsync(((OptionsResult.Loaded)Options(_to)).Options, TimeProvider.System, loggers, TestContext.Current.CancellationToken);
            foreach (var any in ExportKinds.Open.Concat(ExportKinds.Secret).Append("vault"))
                Assert.Empty(await state.Store.ListAsync(any, TestContext.Current.CancellationToken));
            Assert.False(Directory.Exists(_to.File("data/.import")));
        }
    }

    [Fact]
    public async Task Document_ThatIsNull_IsRefused()
    {
        await WriteExportAsync([null!]);
        Assert.Contains("is damaged", (await ImportAsync(null)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Channels_MoreThanThereMayBe_AreRefused()
    {
        const string body = "{ \"settings\": {}, \"createdAt\": \"2026-01-01T00:00:00Z\" }";
        await WriteExportAsync([.. Enumerable.Range(0, 1_001).Select(i => new ExportDocument("channel", $"c{i}", body, null))]);
        Assert.Contains("more than 1000 channels", (await ImportAsync(null)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_ThatNeverEnds_IsRefused()
    {
        File.CreateSymbolicLink(ExportPath, "/dev/zero");
        Assert.Contains("this is not an export", (await ImportAsync(null)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryKind_InTheSource_IsExportedOrLeftOutOnPurpose()
    {
        var known = ExportKinds.Open.Concat(ExportKinds.Secret).Concat(ExportKinds.Left).ToHashSet(StringComparer.Ordinal);
        var root = Path.Combine(RepositoryFiles.Root, "src", "StreamManager.Server");
        var found = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))
            .SelectMany(file => KindInSource().Matches(File.ReadAllText(file)).Select(match => match.Groups["kind"].Value))
            .Distinct()
            .ToList();
        Assert.True(found.Count >= 12, string.Join(' ', found));
        Assert.Empty(found.Where(kind => !known.Contains(kind)));
    }

    public void Dispose()
    {
        _from.Dispose();
        _to.Dispose();
    }

    [GeneratedRegex("""(?:new(?: DocumentSet<\w+>)?\(_?store, |(?:Document)?Kind = )"(?<kind>[a-z][a-z:-]*)"(?=[,;])""")]
    private static partial Regex KindInSource();

    private static OptionsResult Options(TemporaryFolder folder) =>
        OptionsLoader.Load(new Dictionary<string, string> { ["ENCRYPTION_KEY"] = "" }, folder.Path);

    private async Task FillAsync()
    {
        await using var server = await RunningServer.StartAsync(folder: _from);
        await server.PostAsync("/api/channels", """{ "id": "second" }""");
        await server.PostAsync("/api/destinations", """{ "name": "Name of it", "url": "rtmp://user:s3cret-password@127.0.0.1:1/app", "streamKey": "s3cret-abcd", "channelId": "second", "playbackUrl": "https://twitch.example/you" }""");
        Assert.Equal(System.Net.HttpStatusCode.Created, (await server.PostAsync("/api/keys", """{ "name": "mykey", "kind": "regular", "alias": "myalias" }""")).Status);
        Assert.Equal(System.Net.HttpStatusCode.Created, (await server.PostAsync("/api/webhooks", """{ "url": "https://hooks.example.com/s3cret-path", "events": ["program.*"], "enabled": false }""")).Status);
    }

    private async Task<(int Code, string Error)> ExportAsync(bool withSecrets, string? passphrase)
    {
        var error = new StringWriter();
        return (await TransferCommands.ExportAsync(Options(_from), ExportPath, withSecrets, passphrase, TextWriter.Null, error, CancellationToken.None), error.ToString());
    }

    private async Task<(int Code, string Error)> ImportAsync(string? passphrase, string? path = null)
    {
        var error = new StringWriter();
        return (await TransferCommands.ImportAsync(Options(_to), path ?? ExportPath, passphrase, TextWriter.Null, error, CancellationToken.None), error.ToString());
    }

    private Task WriteExportAsync(params ExportDocument[] documents) => File.WriteAllBytesAsync(
        ExportPath,
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(ExportFile.Of(new ExportContent(null, [.. documents]), null, DateTimeOffset.UnixEpoch), ExportJson.Default.ExportFile),
        TestContext.Current.CancellationToken);

    private async Task<int> NumberOfDocumentsAsync()
    {
        await using var server = await RunningServer.StartAsync(folder: _to);
        return (await server.GetAsync("/api/destinations")).Json.GetArrayLength() + (await server.GetAsync("/api/channels")).Json.GetArrayLength() - 1;
    }
}
