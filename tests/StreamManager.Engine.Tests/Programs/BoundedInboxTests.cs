using StreamManager.Engine.Programs;

namespace StreamManager.Engine.Tests.Programs;

public sealed class BoundedInboxTests
{
    private readonly BoundedInbox<int> _inbox = new(maxRequests: 4, maxBytes: 100);

    [Fact]
    public void TryWrite_WhileFewerBytesThanTheLimitWait_TakesAMessageOfAnySize()
    {
        Assert.True(_inbox.TryWrite(1, 99));
        Assert.True(_inbox.TryWrite(2, 1_000_000));
        Assert.False(_inbox.TryWrite(3, 1));
        Assert.True(_inbox.TryRead(out var first));
        Assert.Equal(1, first);
        Assert.False(_inbox.TryWrite(3, 1));
        Assert.True(_inbox.TryRead(out _));
        Assert.True(_inbox.TryWrite(3, 1));
    }

    [Fact]
    public void TryWrite_OfARequestWithoutBytes_IsNotKeptOutByBytes()
    {
        Assert.True(_inbox.TryWrite(1, 200));
        Assert.True(_inbox.TryWrite(2));
    }

    [Fact]
    public void TryWrite_BeyondTheNumber_GivesItsBytesBack()
    {
        for (var i = 0; i < 4; i++)
            Assert.True(_inbox.TryWrite(i));
        Assert.False(_inbox.TryWrite(4, 100));
        Assert.True(_inbox.TryRead(out _));
        Assert.True(_inbox.TryWrite(4, 100));
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(4, 0)]
    public async Task WriteAsync_WhileFull_WaitsForTheReader(int requests, int bytes)
    {
        for (var i = 0; i < requests; i++)
            Assert.True(_inbox.TryWrite(i, bytes));
        var writes = Enumerable.Range(10, 8).Select(i => _inbox.WriteAsync(i, bytes == 0 ? 1 : bytes).AsTask()).ToList();
        Assert.DoesNotContain(writes, write => write.IsCompleted);
        var read = new List<int>();
        while (read.Count < requests + writes.Count && await _inbox.WaitToReadAsync())
        {
            while (_inbox.TryRead(out var request))
                read.Add(request);
        }
        Assert.All(await Task.WhenAll(writes), Assert.True);
        Assert.Equal(Enumerable.Range(0, requests).Concat(Enumerable.Range(10, 8)), read.Order());
    }

    [Fact]
    public async Task WriteAsync_CancelledWhileItWaits_TakesNothing()
    {
        Assert.True(_inbox.TryWrite(1, 100));
        using var gone = new CancellationTokenSource();
        var write = _inbox.WriteAsync(2, 1, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        Assert.True(_inbox.TryRead(out _));
        Assert.False(_inbox.TryRead(out _));
        Assert.True(_inbox.TryWrite(3, 1));
    }

    [Fact]
    public async Task Complete_WithAWriterThatWaits_AnswersItWhenTheRestIsRead()
    {
        Assert.True(_inbox.TryWrite(1, 100));
        var write = _inbox.WriteAsync(2, 1, CancellationToken.None).AsTask();
        _inbox.Complete();
        Assert.True(_inbox.TryRead(out _));
        Assert.False(await write);
        Assert.False(await _inbox.WriteAsync(3, 0, CancellationToken.None));
        Assert.False(await _inbox.WaitToReadAsync());
    }
}
