using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

/// <summary>A real state in a folder of the test's own.</summary>
internal static class TestStore
{
    public static Task<ServerState> OpenAsync(TemporaryFolder folder) =>
        ServerState.OpenAsync(new ServerOptions { DataDirectory = folder.Path }, TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
}
