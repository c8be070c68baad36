using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Media.Aac;
using StreamManager.Media.Avc;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.Rtmp.Server;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Programs;

/// <summary>A fallback belongs to the program from the moment it is handed over: it lets go of it once, when it plays it no more.</summary>
public sealed class FallbackOwnershipTests
{
    private readonly List<Owned> _made = [];

    [Fact]
    public void Content_IsLetGoWhenItIsReplacedAndWhenTheBroadcastEnds()
    {
        var program = new ProgramHarness { Fallback = Make };
        var encoder = program.Publish();
        program.Run(3);
        Assert.Equal([0], Disposed());
        program.Machine.SetFallback(Make(), program.Now);
        Assert.Equal([1, 0], Disposed());
        program.End(encoder, RtmpPublishEnd.Broken);
        program.Run(1);
        // Another one while it plays, and the word that there is none, which keeps what is there.
        program.Machine.SetFallback(Make(), program.Now);
        program.Machine.SetFallback(null, program.Now);
        program.Run(1);
        Assert.Equal([1, 1, 0], Disposed());
        program.Stop();
        Assert.Equal([1, 1, 1], Disposed());
        program.AssertContinuous();

        program.Start();
        program.Run(1);
        Assert.Equal([1, 1, 1, 0], Disposed());
        program.Stop();
        Assert.Equal([1, 1, 1, 1], Disposed());
    }

    [Fact]
    public void Content_OfTheFormatBefore_IsLetGo()
    {
        var program = new ProgramHarness(new ChannelDefinition { Id = "main", OnFormatChange = FormatChangePolicy.RestartOutputs }) { Fallback = Make };
        var first = program.Publish();
        program.Run(3);
        program.End(first, RtmpPublishEnd.Broken);
        program.Run(1);
        program.Publish(settings: new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 });
        program.Run(5);
        Assert.Contains(program.Events, item => item is ProgramEvent.FormatChanged);
        Assert.Equal([1, 0], Disposed());
    }

    [Fact]
    public async Task Content_ThatTheProgramDoesNotTake_IsLetGoAtOnce()
    {
        using var folder = new TemporaryDirectory();
        using var services = new EngineServices(new ManualTimeProvider(), NullLoggerFactory.Instance, new EngineOptions { DataDirectory = folder.Path }, new NothingRemembered());
        await using var loop = new ProgramLoop(
            new ProgramMachine(new ChannelDefinition { Id = "main" }, [new SourceSlot("main", keepsGroup: true)]), new DeafHost(), "main", services);
        loop.Run();
        await loop.SetFallbackAsync(Make(), CancellationToken.None);
        Assert.Equal([1], Disposed());
        await loop.StartAsync(new ProgramFormat { Width = 320, Height = 180 });
        await loop.SetFallbackAsync(Make(), new CancellationToken(canceled: true));
        Assert.Equal([1, 1], Disposed());
        await loop.SetFallbackAsync(Make(), CancellationToken.None);
        Assert.Equal([1, 1, 0], Disposed());
        await loop.StopAsync(BroadcastEnd.Shutdown);
        Assert.Equal([1, 1, 1], Disposed());
        await loop.DisposeAsync();
        await loop.SetFallbackAsync(Make(), CancellationToken.None);
        Assert.Equal([1, 1, 1, 1], Disposed());
    }

    private Owned Make()
    {
        var content = new Owned();
        _made.Add(content);
        return content;
    }

    private IEnumerable<int> Disposed() => _made.Select(content => content.Disposals);

    private sealed class Owned : FallbackContent
    {
        private readonly LoopOfPictures _pictures = new();

        public int Disposals { get; private set; }

        public override int FrameCount => _pictures.FrameCount;

        public override AudioSpecificConfig? Audio => _pictures.Audio;

        public override AvcDecoderConfiguration? Configuration => _pictures.Configuration;

        public override MediaTime TimeOfFrame(long index) => _pictures.TimeOfFrame(index);

        public override MediaPacket? GetFrame(int index)
        {
            ObjectDisposedException.ThrowIf(Disposals > 0, this);
            return _pictures.GetFrame(index);
        }

        public override void Dispose()
        {
            Disposals++;
            base.Dispose();
        }
    }

    /// <summary>Nothing is prepared but what the test brings itself.</summary>
    private sealed class DeafHost : IProgramHost
    {
        public void PrepareFallback(ProgramFormat format)
        {
        }

        public void WentOnAir(StreamHeader header)
        {
        }

        public void Switched(string? from, string? to, SwitchReason reason)
        {
        }

        public void Ended(BroadcastEnd reason, ProgramFigures figures)
        {
        }

        public void Tell(EngineEvent happened)
        {
        }

        public void FormatChanged(StreamHeader header)
        {
        }

        public void WantTranscoder(SourceSlot slot, ProgramHeader? header)
        {
        }

        public void Transcode(SourceSlot slot, MediaPacket packet)
        {
        }
    }
}
