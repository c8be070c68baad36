using StreamManager.Server.Library;

namespace StreamManager.Server.Tests.Library;

/// <summary>Whose turn it is with an upload in parts.</summary>
public sealed class PartialUploadTests
{
    [Fact]
    public async Task Turn_ThatOthersCameForMeanwhile_IsInterruptedAtOnce()
    {
        var cancel = TestContext.Current.CancellationToken;
        var upload = new PartialUpload(new UploadRecord("upl_1", "film", "user:anna", Length: 100, Offset: 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));
        var first = await upload.TakeTurnAsync(cancel);
        Assert.False(first.Interrupted.IsCancellationRequested);

        // Both ask while the first still has it: the second is as dead as the first by the time that it gets the turn.
        var waiting = new[] { upload.TakeTurnAsync(cancel), upload.TakeTurnAsync(cancel) };
        Assert.True(first.Interrupted.IsCancellationRequested);
        first.Dispose();
        var second = await waiting[0];
        Assert.True(second.Interrupted.IsCancellationRequested);
        second.Dispose();
        using var third = await waiting[1];
        Assert.False(third.Interrupted.IsCancellationRequested);
    }

    [Fact]
    public async Task Turn_WhoseWaiterHasGone_IsNotInterruptedByIt()
    {
        var upload = new PartialUpload(new UploadRecord("upl_1", "film", "user:anna", Length: 100, Offset: 0, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));
        using var gone = new CancellationTokenSource();
        var first = await upload.TakeTurnAsync(TestContext.Current.CancellationToken);
        var waiting = upload.TakeTurnAsync(gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        first.Dispose();
        using var second = await upload.TakeTurnAsync(TestContext.Current.CancellationToken);
        Assert.False(second.Interrupted.IsCancellationRequested);
    }
}
