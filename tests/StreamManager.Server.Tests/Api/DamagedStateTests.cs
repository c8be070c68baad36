using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Api;

public sealed class DamagedStateTests
{
    [Theory]
    [InlineData("no JSON at all")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{ "id": null, "name": null, "scopes": "View", "userId": null, "createdAt": "2026-01-01T00:00:00Z", "createdBy": null, "expiresAt": null, "usedAt": null }""")]
    public async Task Document_ThatCannotBeRead_IsNamedAndIsNoFaultOfTheServer(string body)
    {
        using var folder = new TemporaryFolder();
        await using (var state = await ServerState.OpenAsync(
            new ServerOptions { DataDirectory = folder.File("data") }, TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken))
            await state.Store.WriteAsync([new StateWrite.Put("token", "the-damaged-one", Encoding.UTF8.GetBytes(body), null, null)], TestContext.Current.CancellationToken);
        await using var server = await RunningServer.StartAsync(folder: folder);
        var reply = await server.GetAsync("/api/tokens");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "store_damaged"), (reply.Status, reply.Code));
        Assert.Contains("token the-damaged-one", reply.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("token the-damaged-one", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", server.Log, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/api/status")).Status);
    }
}
