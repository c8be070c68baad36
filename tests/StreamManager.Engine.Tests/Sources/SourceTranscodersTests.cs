using Microsoft.Extensions.Logging.Abstractions;
using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Channels;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Packets;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Sources;

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

    private int Starts => File.Exists(_folder.File("starts")) ? File.ReadAllLines(_folder.File("starts")).Length : 0;

    private List<int> Children => Codecs.Children.Under(_folder.File("data"));

    // Writes down that it was started, and takes whatever it gets.
    private string MakeChild()
    {
        var path = _folder.File("child");
        File.WriteAllText(path, $"#!/bin/sh\necho started \"$*\" >> '{_folder.File("starts")}'\nexec cat > /dev/null\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
