using System.Net;
using StreamManager.EndToEnd.Tests.Support;

namespace StreamManager.EndToEnd.Tests;

/// <summary>The server as a process: it comes up, answers, and ends in order.</summary>
public sealed class ServerLifeTests
{
    [Fact]
    public async Task Server_StartedWithNothingToDo_WaitsAndEndsOnSigtermWithExitCode0()
    {
        await using var server = await ServerProcess.StartAsync();

        Assert.Equal("waiting", (await server.Api.StatusAsync()).State);
        Assert.Empty(await server.Api.DestinationsAsync());
        using (var stranger = new ApiClient(server.ApiPort, token: null))
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync("/api/status")).Status);

        Assert.Equal(0, await server.StopAsync());
    }
}
