using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine;
using StreamManager.Server.Broadcasts;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Broadcasts;

/// <summary>How reports get into the store.</summary>
public sealed class BroadcastHistoryTests
{
    [Fact]
    public async Task Report_ThatCannotBeWritten_KeepsUpNeitherTheOthersNorTheEnd()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        await using var state = await TestStore.OpenAsync(folder);
        var start = TimeProvider.System.GetUtcNow();
        await using (var history = await LoadAsync(state.Store, cancel))
        {
            history.Start(_ => null);

            // A fault of ours: no document has an id of this length.
            history.Add(new string('x', StateLimits.LongestId), start, new EngineEvent.ProgramOnAir(start));
            history.Add("main", start, new EngineEvent.ProgramOnAir(start));
        }

        await using var after = await LoadAsync(state.Store, cancel);
        Assert.Equal("main", Assert.Single(after.Summaries).Channel);
    }

    private static Task<BroadcastHistory> LoadAsync(IStateStore store, CancellationToken cancellationToken) =>
        BroadcastHistory.LoadAsync(store, TimeProvider.System, NullLogger<BroadcastHistory>.Instance, cancellationToken);
}
