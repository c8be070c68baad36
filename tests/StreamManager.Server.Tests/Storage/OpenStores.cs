using StreamManager.Server.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Storage;

/// <summary>A store of one test, and what other servers have of the same. Closes all of them, then gives up what they stood on.</summary>
internal sealed class OpenStores(IStateStore first, Func<Task<IStateStore>> open, bool expiresByTheTestsClock, params IDisposable[] ground) : IAsyncDisposable
{
    private readonly HashSet<IStateStore> _stores = [first];

    public IStateStore First => first;

    /// <summary>What has expired for the test has for the store.</summary>
    public bool ExpiresByTheTestsClock => expiresByTheTestsClock;

    /// <summary>The same documents as another server sees them: in Redis over connections of its own.</summary>
    public async Task<IStateStore> OpenAgainAsync()
    {
        var store = await open();
        _stores.Add(store);
        return store;
    }

    /// <summary>Completes when everybody who listens has been told of all changes so far, own ones too: Redis tells a little later than it answers.</summary>
    public async Task ToldAsync()
    {
        foreach (var store in _stores)
        {
            // Changes are told in their order, so that whoever hears of this one has heard of those before.
            var mark = Guid.NewGuid().ToString("N");
            var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var listening = store.Subscribe(change =>
            {
                if (change is StateChange.Written { Kind: "mark", Id: var id } && id == mark)
                    told.TrySetResult();
            });
            await store.WriteAsync([new StateWrite.Put("mark", mark, ReadOnlyMemory<byte>.Empty)], TestContext.Current.CancellationToken);
            await told.Task.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        foreach (var below in ground)
            below.Dispose();
    }
}
