using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Codecs.Files;
using StreamManager.Server.Events;
using StreamManager.Server.Library;
using StreamManager.Server.Options;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Library;

/// <summary>Uploads in parts that are left lying, on a clock that the test moves.</summary>
public sealed class UploadExpiryTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private ServerState _state = null!;
    private EventBus _bus = null!;
    private FileInspector _inspector = null!;
    private MediaLibrary _library = null!;
    private ResumableUploads _uploads = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string[] Left => [.. Directory.EnumerateFiles(_library.UploadFolder).Select(path => Path.GetExtension(path)).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Upload_ThatStandsStill_GoesAfterADay_AndOneThatMovesStays()
    {
        using var events = _bus.Subscribe("test");
        var (still, _) = await _uploads.CreateAsync("still", 1_000, "somebody", Cancel);
        var (moving, _) = await _uploads.CreateAsync("moving", 1_000, "somebody", Cancel);
        _clock.Advance(TimeSpan.FromHours(20));
        Assert.Null(await SendAsync(moving!, 0, 100));
        _clock.Advance(TimeSpan.FromHours(5));
        Assert.Equal([moving!], _uploads.All);
        Assert.Equal("upload_expired", (await events.NextAsync("media.rejected")).Data["code"]!.GetValue<string>());
        Assert.Equal([".json", ".part"], Left);
        Assert.Equal("upload_not_found", (await SendAsync(still!, 0, 100))!.Code);

        // While the server is off the time runs as well.
        await _uploads.DisposeAsync();
        _clock.Advance(TimeSpan.FromHours(21));
        Open();
        Assert.Empty(_uploads.All);
        Assert.Empty(Left);
    }

    [Fact]
    public async Task Upload_ThatIsBeingSent_DoesNotExpire()
    {
        var (upload, _) = await _uploads.CreateAsync("slow", 1_000, "somebody", Cancel);
        var pipe = new System.IO.Pipelines.Pipe();
        var receiving = _uploads.ReceiveAsync(upload!, 0, pipe.Reader.AsStream(), null, Cancel);
        _clock.Advance(TimeSpan.FromHours(30));
        Assert.Equal([upload!], _uploads.All);
        await pipe.Writer.WriteAsync(new byte[10], Cancel);
        await pipe.Writer.CompleteAsync();
        Assert.Null(await receiving);
        Assert.Equal(10, upload!.Record.Offset);
        _clock.Advance(TimeSpan.FromHours(25));
        Assert.Empty(_uploads.All);
    }

    [Fact]
    public async Task Outcomes_BeyondThoseThatAreKept_AreForgottenOldestFirst()
    {
        for (var number = 0; number < MediaLimits.MostDecided + 3; number++)
        {
            var (upload, _) = await _uploads.CreateAsync($"{number}", 5, "somebody", Cancel);
            Assert.Equal("media_type_not_accepted", (await SendAsync(upload!, 0, 5))!.Code);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(MediaLimits.MostDecided, _uploads.All.Length);
        Assert.Equal($"{MediaLimits.MostDecided + 2}", _uploads.All[^1].Record.Title);
        Assert.Equal(_uploads.All.Length, Left.Length);
    }

    public async ValueTask InitializeAsync()
    {
        _state = await TestStore.OpenAsync(_folder);
        _bus = new EventBus();
        _inspector = new FileInspector(new FfmpegOptions { WorkDirectory = _folder.File("work") }, TimeProvider.System);
        _library = await MediaLibrary.OpenAsync(
            _folder.File("media"), new MediaOptions(), new MediaRecords(_state.Store), new MediaProbe(_inspector), _bus, _clock, NullLogger<MediaLibrary>.Instance, Cancel);
        Open();
    }

    public async ValueTask DisposeAsync()
    {
        await _uploads.DisposeAsync();
        await _library.DisposeAsync();
        _inspector.Dispose();
        await _state.DisposeAsync();
        _folder.Dispose();
    }

    private void Open() => _uploads = ResumableUploads.Open(_library, new UploadPlaces(), _bus, _clock, NullLogger<ResumableUploads>.Instance);

    private Task<StreamManager.Server.Api.Problem?> SendAsync(PartialUpload upload, long offset, int length) =>
        _uploads.ReceiveAsync(upload, offset, new MemoryStream(new byte[length]), length, Cancel);
}
