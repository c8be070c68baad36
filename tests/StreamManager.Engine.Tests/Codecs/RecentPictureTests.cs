using StreamManager.Engine.Codecs;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Codecs;

/// <summary>A crowd that asks for a picture costs what one costs.</summary>
public sealed class RecentPictureTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<TaskCompletionSource<Thumbnail?>> _made = [];
    private readonly List<CancellationToken> _tokens = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Crowd_WithinASecond_SharesOnePicture()
    {
        await using var recent = Create();
        var first = Enumerable.Range(0, 1_000).Select(_ => recent.GetAsync(Cancel)).ToArray();
        var picture = Give(0);
        Assert.All(await Task.WhenAll(first), one => Assert.Same(picture, one));
        _time.Advance(RecentPicture.Freshness / 2);
        Assert.Same(picture, await recent.GetAsync(Cancel));
        Assert.Single(_made);

        _time.Advance(RecentPicture.Freshness);
        var next = recent.GetAsync(Cancel);
        var other = Give(1);
        Assert.Same(other, await next);
        Assert.Equal(2, _made.Count);
    }

    [Fact]
    public async Task Viewer_WhoLeaves_TakesThePictureFromNobodyElse()
    {
        await using var recent = Create();
        using var leaving = new CancellationTokenSource();
        var gone = recent.GetAsync(leaving.Token);
        var stays = recent.GetAsync(Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        var picture = Give(0);
        Assert.Same(picture, await stays);
        Assert.Single(_made);
    }

    [Fact]
    public async Task Nothing_IsLookedForAgain_ButAFailureIsKeptLikeAPicture()
    {
        await using var recent = Create();
        var none = recent.GetAsync(Cancel);
        _made[0].SetResult(null);
        Assert.Null(await none);
        var failed = recent.GetAsync(Cancel);
        _made[1].SetResult(new Thumbnail(null, "No thumbnail."));
        Assert.NotNull(await failed);
        Assert.NotNull(await recent.GetAsync(Cancel));
        Assert.Equal(2, _made.Count);

        _time.Advance(RecentPicture.Freshness);
        var broken = recent.GetAsync(Cancel);
        _made[2].SetException(new IOException("broken"));
        await Assert.ThrowsAsync<IOException>(() => broken);
        _ = recent.GetAsync(Cancel);
        Assert.Equal(4, _made.Count);
        Give(3);
    }

    [Fact]
    public async Task End_StopsWhatIsBeingMade()
    {
        var recent = Create();
        var asked = recent.GetAsync(Cancel);
        var ending = recent.DisposeAsync().AsTask();
        Assert.True(_tokens[0].IsCancellationRequested);
        _made[0].SetCanceled(_tokens[0]);
        await ending;
        Assert.Null(await asked);
        Assert.Null(await recent.GetAsync(Cancel));
        Assert.Single(_made);
    }

    private RecentPicture Create() => new(
        cancel =>
        {
            _tokens.Add(cancel);
            _made.Add(new TaskCompletionSource<Thumbnail?>());
            return _made[^1].Task;
        },
        _time);

    private Thumbnail Give(int which)
    {
        var picture = new Thumbnail([(byte)which], "");
        _made[which].SetResult(picture);
        return picture;
    }
}
