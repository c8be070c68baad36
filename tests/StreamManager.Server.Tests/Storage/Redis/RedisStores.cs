using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Server.Storage.Redis;
using StreamManager.TestKit.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>Opens stores in a <see cref="RedisServer"/>.</summary>
internal static class RedisStores
{
    public static Task<RedisStateStore> OpenAsync(RedisServer server, Func<RedisOptions, RedisOptions>? configure = null, string? password = null, TimeSpan? patience = null)
    {
        Assert.Null(RedisUrl.TryParse(server.Url, password, out var url));
        var options = new RedisOptions { Url = url };
        return RedisStateStore.OpenAsync(
            configure?.Invoke(options) ?? options, patience ?? TimeSpan.FromSeconds(30), TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
    }
}
