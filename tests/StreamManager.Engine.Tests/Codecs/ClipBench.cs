using System.Buffers;
using StreamManager.Engine.Codecs.Clips;
using StreamManager.Engine.Codecs.Ffmpeg;
using StreamManager.Engine.Programs;
using StreamManager.Media.Flv;
using StreamManager.Media.Formats;
using StreamManager.TestKit;
using StreamManager.TestKit.Processes;

namespace StreamManager.Engine.Tests.Codecs;

/// <summary>A directory with a clip factory in it, and the real ffmpeg to make inputs and to judge outputs.</summary>
internal sealed class ClipBench : IDisposable
{
    /// <summary>Encoders are not run against each other: they would only take longer.</summary>
    public const string OneAtATime = "ffmpeg";

    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(90);

    private readonly TemporaryDirectory _directory = new();

    public string Path => _directory.Path;

    public string Work => _directory.File("work");

    public string Cache => _directory.File("cache");

    public string File(string name) => _directory.File(name);

    public FfmpegOptions Ffmpeg(string program = "ffmpeg") => new() { Ffmpeg = program, WorkDirectory = Work };

    public ClipFactory Factory(string program = "ffmpeg", Func<ClipFactoryOptions, ClipFactoryOptions>? change = null)
    {
        var options = new ClipFactoryOptions { CacheDirectory = Cache };
        return new(change?.Invoke(options) ?? options, Ffmpeg(program), TimeProvider.System);
    }

    /// <summary>Runs ffmpeg quietly and expects it to succeed without a word.</summary>
    public static async Task FfmpegAsync(params string[] arguments)
    {
        var result = await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments], Limit);
        Assert.True(result.ExitCode == 0 && result.ErrorTail.Length == 0, $"{result.ExitCode} {result.ErrorTail}");
    }

    /// <summary>Every line that ffmpeg says while decoding all of a file.</summary>
    public static async Task<string> DecodeAsync(string file) =>
        (await ChildProcess.RunAsync("ffmpeg", ["-nostdin", "-v", "error", "-i", file, "-f", "null", "-"], Limit)).ErrorTail;

    /// <summary>Nothing is left in the private directories, and no temporary file in the cache.</summary>
    public void AssertNoResidue()
    {
        Assert.Empty(Directory.Exists(Work) ? Directory.EnumerateFileSystemEntries(Work) : []);
        Assert.Empty(Directory.Exists(Cache) ? Directory.EnumerateFiles(Cache, "*.tmp") : []);
    }

    public void Dispose() => _directory.Dispose();

    public static ProgramFormat Format(
        int width = 1280, int height = 720, uint fps = 30, uint per = 1, byte profile = 100, byte level = 31, int cts = 0) => new()
        {
            Width = width,
            Height = height,
            FrameRate = FrameRate.Create(fps, per)!.Value,
            ProfileIdc = profile,
            LevelIdc = level,
            CompositionOffsetMilliseconds = cts,
        };

    /// <summary>Writes a clip as an FLV file of its own, <paramref name="rounds"/> times in a loop.</summary>
    public static void WriteFlv(Clip clip, string path, int rounds = 1)
    {
        using var reader = clip.OpenReader();
        var output = new ArrayBufferWriter<byte>();
        FlvWriter.WriteHeader(output, new(clip.AudioFrameCount > 0, true));
        FlvWriter.WriteTag(output, FlvTagType.Video, 0, AvcTag.Configuration(clip.Configuration.ToArray()));
        if (clip.AudioFrameCount > 0) FlvWriter.WriteTag(output, FlvTagType.Audio, 0, AacTag.Configuration(clip.Format.Audio.Bytes.Span));
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < clip.VideoFrameCount; i++)
            {
                Assert.True(reader.TryGetVideo(i, out var body));
                FlvWriter.WriteTag(output, FlvTagType.Video, (uint)clip.FrameRate.TimeOf(round * (long)clip.VideoFrameCount + i).Milliseconds, body.Span);
            }
        }

        System.IO.File.WriteAllBytes(path, output.WrittenSpan);
    }
}
