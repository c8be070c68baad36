using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Engine.Tests.Codecs;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Engine.Tests.Sources;

[Collection(ClipBench.OneAtATime)]
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SourceTranscodersTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FormatsThatFlap_DoNotStartAsManyChildren()
    {
        using var services = new EngineServices(
            _time, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _folder.File("data"), FfmpegPath = MakeChild() }, new NothingRemembered());
        var harness = new ProgramHarness();
        var slot = harness.Publish().Slot;
        harness.Run(2);
        var (header, format) = (harness.Machine.Header!, ProgramHeader.FormatOf(slot));
        await using var transcoders = new SourceTranscoders("main", services, () => null!);

        transcoders.Want(slot, header, format, harness.Definition);
        await Eventually.TrueAsync(() => Starts == 1);
        for (var i = 0; i < 50; i++)
        {
            transcoders.Want(slot, null, null, harness.Definition);
            transcoders.Want(slot, header, format, harness.Definition);
        }

        // Nothing more within the first second; then one, whatever was wanted meanwhile.
        await Eventually.TrueAsync(() => _time.ActiveTimers > 0 && Children.Count == 0);
        Assert.Equal(1, Starts);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Starts == 2);
    }

    [Fact]
    public async Task Bitrates_AreThoseOfTheChannel()
    {
        using var services = new EngineServices(
            _time, NullLoggerFactory.Instance, new EngineOptions { DataDirectory = _folder.File("data"), FfmpegPath = MakeChild() }, new NothingRemembered());
        var harness = new ProgramHarness(new ChannelDefinition { Id = "main", VideoBitrateKbps = 1234, AudioBitrateKbps = 77 });
        var slot = harness.Publish().Slot;
        harness.Run(2);
        var other = new SourceSlot("other", keepsGroup: true);
        foreach (var packet in new Encoder(other, new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360, SampleRate = 44100 }, harness.Now).TakeDue(harness.Now))
        {
            if (packet.Content is PacketContent.Configuration)
                other.SetConfiguration(packet);
        }
        await using var transcoders = new SourceTranscoders("main", services, () => null!);

        transcoders.Want(other, harness.Machine.Header!, ProgramHeader.FormatOf(slot), harness.Definition);
        await Eventually.TrueAsync(() => Starts == 1);
        var arguments = File.ReadAllText(_folder.File("starts"));
        Assert.Contains("-b:v 1234k", arguments, StringComparison.Ordinal);
        Assert.Contains("-b:a 77k", arguments, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Transcoder_ThatDeliveredForAWhile_IsStartedAgainAfterTheFirstWait()
    {
        await using var bench = new Bench(this, MakeChild("exec cat"));
        bench.Want();
        for (var waits = 1; waits <= 3; waits++)
        {
            await Eventually.TrueAsync(() => Children.Count == 1);
            await KillAsync();
            await Eventually.TrueAsync(() => bench.Waits.Count == waits);
            await AdvanceUntilAsync(() => Starts == waits + 1);
        }
        Assert.Equal([1, 2, 4], bench.Waits);

        // What it is given comes back, now and half a minute later.
        await bench.WriteUntilDeliveredAsync();
        _time.Advance(TimeSpan.FromSeconds(30));
        await bench.WriteUntilDeliveredAsync();
        Assert.Null(bench.Problem);
        await KillAsync();
        await Eventually.TrueAsync(() => bench.Waits.Count == 4);
        Assert.Equal(1, bench.Waits[^1]);
    }

    [Fact]
    public async Task Transcoder_ThatDeliversAndDiesSoonAfter_WaitsLongerEachTime()
    {
        await using var bench = new Bench(this, MakeChild("exec cat"));
        bench.Want();
        for (var waits = 1; waits <= 3; waits++)
        {
            await bench.WriteUntilDeliveredAsync();
            await KillAsync();
            await Eventually.TrueAsync(() => bench.Waits.Count == waits);
            await AdvanceUntilAsync(() => Starts == waits + 1);
        }
        Assert.Equal([1, 2, 4], bench.Waits);
    }

    [Theory]
    [InlineData("missing", "not installed")]
    [InlineData("no program", "could not be started")]
    [InlineData("ends at once", "ended with code 3: no such encoder")]
    [InlineData("no directory", "internal fault")]
    public async Task Transcoder_ThatCannotRun_IsTriedAgainAndItsUserIsTold(string kind, string words)
    {
        var child = kind switch
        {
            "missing" => _folder.File("nothing"),
            "no program" => MakeChild("", "\u007fELF, or so it says"),
            "ends at once" => MakeChild("echo no such encoder >&2; exit 3"),
            _ => MakeChild("exec cat"),
        };
        // No directory can be made under this name, and the system's answer is an exception that nobody foresees.
        await using var bench = new Bench(this, child, dataDirectory: kind == "no directory" ? "da\0ta" : "data");
        bench.Want();

        // Without the clock, so that a child has all the time that it needs for its last words.
        await Eventually.TrueAsync(() => bench.Problem is not null);
        Assert.Contains(words, bench.Problem, StringComparison.Ordinal);
        Assert.Contains(words, Assert.Single(SourceAdvice.Of(new SourceSnapshot { Id = "main", State = SourceState.Connected }, bench.Problem)), StringComparison.Ordinal);
        await AdvanceUntilAsync(() => bench.Waits.Count == 3);
        Assert.Equal([1, 2, 4], bench.Waits);

        bench.WantNone();
        Assert.Null(bench.Problem);
    }

    [Fact]
    public async Task Transcoder_ThatHangs_IsEndedAndTriedAgain()
    {
        await using var bench = new Bench(this, MakeChild("exec sleep 1000"));
        bench.Want();
        await Eventually.TrueAsync(() => Children.Count == 1);

        // A pause of its source is not its fault.
        await bench.WriteAsync();
        _time.Advance(TimeSpan.FromMinutes(10));
        await bench.WriteAsync();
        await bench.WriteAsync();
        Assert.Null(bench.Problem);
        Assert.Single(Children);

        await Eventually.TrueAsync(async () =>
        {
            await bench.WriteAsync();
            _time.Advance(TimeSpan.FromSeconds(0.5));
            return bench.Problem is not null;
        });
        Assert.Contains("gave nothing back", bench.Problem, StringComparison.Ordinal);
        await AdvanceUntilAsync(() => Starts == 2);
    }

    [Fact]
    public async Task Ffmpeg_ThatIsKilled_IsReplaced()
    {
        await using var bench = new Bench(this, "ffmpeg");
        bench.Want();
        await bench.WriteUntilDeliveredAsync();
        await KillAsync();
        await Eventually.TrueAsync(() => bench.Problem is not null);
        Assert.Contains("signal 9", bench.Problem, StringComparison.Ordinal);

        await AdvanceUntilAsync(() => Children.Count == 1);
        await bench.WriteUntilDeliveredAsync();
        Assert.Null(bench.Problem);
    }

    [Fact]
    public async Task Disposal_WaitsForThoseThatAreEndingAlready()
    {
        var bench = new Bench(this, MakeChild("exec cat"));
        bench.Want();
        await Eventually.TrueAsync(() => Children.Count == 1);
        bench.WantNone();
        await bench.DisposeAsync();
        Assert.Empty(Children);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.File("data/cache/work")));

        bench.Want();
        Assert.Equal(1, Starts);
    }

    private int Starts => File.Exists(_folder.File("starts")) ? File.ReadAllLines(_folder.File("starts")).Length : 0;

    private List<int> Children => Codecs.Children.Under(_folder.File("data"));

    private async Task KillAsync() => await ChildProcess.RunAsync("kill", ["-KILL", .. Children.Select(id => id.ToString())]);

    // The runner sets its timer on a thread of its own, so time goes on for as long as it takes.
    private Task AdvanceUntilAsync(Func<bool> condition) => Eventually.TrueAsync(() =>
    {
        if (condition())
            return true;
        _time.Advance(TimeSpan.FromMilliseconds(100));
        return false;
    });

    // Writes down that it was started, and takes whatever it gets, or does what it is told.
    private string MakeChild(string work = "exec cat > /dev/null", string? whole = null)
    {
        var path = _folder.File("child");
        File.WriteAllText(path, whole ?? $"#!/bin/sh\necho started \"$*\" >> '{_folder.File("starts")}'\n{work}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    /// <summary>A source of 640x360 that goes into a program of 320x180.</summary>
    private sealed class Bench : IAsyncDisposable
    {
        private readonly ProgramHarness _harness = new();
        private readonly LogLines _log = new();
        private readonly SourceSlot _slot = new("other", keepsGroup: false);
        private readonly EngineServices _services;
        private readonly ProgramLoop _loop;
        private readonly SourceTranscoders _transcoders;
        private readonly ProgramFormat _format;
        private readonly Queue<MediaPacket> _frames = new();
        private SourceFile? _file;
        private MediaTime _shift;
        private readonly string _fileName;
        private int _delivered;

        public Bench(SourceTranscodersTests test, string ffmpeg, string dataDirectory = "data")
        {
            _fileName = test._folder.File("source.flv");
            var slot = _harness.Publish().Slot;
            _harness.Run(2);
            _format = ProgramHeader.FormatOf(slot);
            foreach (var packet in new Encoder(_slot, new EncoderSettings { VideoConfiguration = EncoderSettings.High640x360 }, _harness.Now).TakeDue(_harness.Now))
            {
                if (packet.Content is PacketContent.Configuration)
                    _slot.SetConfiguration(packet);
            }
            _services = new EngineServices(
                test._time, _log, new EngineOptions { DataDirectory = test._folder.File(dataDirectory), FfmpegPath = ffmpeg }, new NothingRemembered());
            _loop = new ProgramLoop(_harness.Machine, null!, "main", _services);
            _transcoders = new SourceTranscoders("main", _services, () =>
            {
                Interlocked.Increment(ref _delivered);
                return _loop;
            });
        }

        /// <summary>The waits that were said before next attempts, in seconds.</summary>
        public List<int> Waits => [.. _log.ValuesOf<TimeSpan>("Wait").Select(wait => (int)wait.TotalSeconds)];

        public string? Problem => _transcoders.ProblemOf(_slot);

        public void Want() => _transcoders.Want(_slot, _harness.Machine.Header!, _format, _harness.Definition);

        public void WantNone() => _transcoders.Want(_slot, null, null, _harness.Definition);

        /// <summary>One frame of a real encoder's stream, which goes on for ever.</summary>
        public async Task WriteAsync()
        {
            _file ??= await SourceFile.MakeAsync(_fileName, "640x360", 30, 2);
            if (_frames.Count == 0)
            {
                foreach (var frame in _file.Frames)
                    _frames.Enqueue(frame.At(frame.DecodeTime + _shift));
                _shift += MediaTime.FromSeconds(2);
            }
            _transcoders.Write(_slot, _frames.Dequeue());
        }

        /// <summary>Frames until one comes out that had not gone in before.</summary>
        public Task WriteUntilDeliveredAsync()
        {
            var before = Volatile.Read(ref _delivered);
            return Eventually.TrueAsync(async () =>
            {
                for (var i = 0; i < 10; i++)
                    await WriteAsync();
                return Volatile.Read(ref _delivered) > before;
            });
        }

        public async ValueTask DisposeAsync()
        {
            await _transcoders.DisposeAsync();
            await _loop.DisposeAsync();
            _services.Dispose();
        }
    }
}
