using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Channels;

public sealed class FallbackPreparerTests : IDisposable
{
    private static readonly ProgramFormat Format = new() { Width = 320, Height = 180 };

    private readonly TemporaryDirectory _folder = new();
    private readonly EngineServices _services;

    public FallbackPreparerTests()
    {
        var options = new EngineOptions { DataDirectory = _folder.File("data"), FfmpegPath = _folder.File("nothing") };
        _services = new EngineServices(TimeProvider.System, NullLoggerFactory.Instance, options, new NothingRemembered());
    }

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Delivery_ThatFails_CostsNeitherTheNextOneNorTheEnd()
    {
        var fails = true;
        var (failed, delivered) = (0, 0);
        var preparer = new FallbackPreparer("main", _services, (_, _) =>
        {
            if (Volatile.Read(ref fails))
            {
                Interlocked.Increment(ref failed);
                throw new InvalidOperationException("A fault of ours.");
            }
            Interlocked.Increment(ref delivered);
            return Task.CompletedTask;
        });
        preparer.Begin(new ChannelDefinition { Id = "main" }, Format);
        // Also the word that there is none cannot be delivered.
        await Eventually.TrueAsync(() => Volatile.Read(ref failed) == 2);
        Volatile.Write(ref fails, false);
        preparer.Begin(new ChannelDefinition { Id = "main" }, Format);
        await Eventually.TrueAsync(() => Volatile.Read(ref delivered) == 1);
        await preparer.DisposeAsync();
    }

    [Fact]
    public async Task NewerWish_CancelsTheTokenOfADeliveryOnItsWay()
    {
        var tokens = new List<CancellationToken>();
        var first = new TaskCompletionSource();
        var preparer = new FallbackPreparer("main", _services, (_, token) =>
        {
            lock (tokens)
                tokens.Add(token);
            return first.Task;
        });
        preparer.Begin(new ChannelDefinition { Id = "main" }, Format);
        await Eventually.TrueAsync(() => Count() == 1);
        preparer.Begin(new ChannelDefinition { Id = "main" }, Format with { Width = 640 });
        Assert.True(tokens[0].IsCancellationRequested);
        first.SetResult();
        await Eventually.TrueAsync(() => Count() == 2);
        Assert.False(tokens[1].IsCancellationRequested);
        await preparer.DisposeAsync();

        int Count()
        {
            lock (tokens)
                return tokens.Count;
        }
    }
}
