using System.Text.Json;
using StreamManager.Engine.Programs;
using StreamManager.Media;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// Finished clips on disk: <c>name.flv</c> with <c>name.json</c> beside it, which is written last and says what the file must be. A file without it, or
/// that is not what it says, is no clip and is removed.
/// </summary>
internal sealed class ClipStore
{
    private const string TemporarySuffix = ".tmp";
    private const string SealSuffix = ".json";
    private const string ClipSuffix = ".flv";

    private readonly ClipFactoryOptions _options;
    private readonly TimeProvider _time;

    public ClipStore(ClipFactoryOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
    }

    /// <summary>Removes what an earlier process left half-written. Call before the first clip is made.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(_options.CacheDirectory)) return;
        foreach (var left in Directory.EnumerateFiles(_options.CacheDirectory, "*" + TemporarySuffix)) Delete(left);
    }

    /// <summary>The clip of that name, checked; null when there is none. Blocking.</summary>
    public Clip? TryLoad(string name, ProgramFormat format)
    {
        var path = PathOf(name);
        try
        {
            var seal = JsonSerializer.Deserialize<Seal>(File.ReadAllBytes(path + SealSuffix));
            var clip = Clip.Load(path, format, _options.MaxInMemoryBytes, out var digest);
            if (seal is not null && seal.Sha256 == digest && seal.VideoFrames == clip.VideoFrameCount && seal.AudioFrames == clip.AudioFrameCount)
            {
                File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
                return clip;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Not made yet, or never finished.
        }
        catch (Exception e) when (e is JsonException or MediaFormatException or IOException or UnauthorizedAccessException)
        {
            // Damaged: made anew.
        }

        Remove(path);
        return null;
    }

    /// <summary>An empty file to write a clip into; deleted when it is disposed of without having been kept.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">No rights.</exception>
    public TemporaryClip Create()
    {
        Directory.CreateDirectory(_options.CacheDirectory);
        return new(Path.Combine(_options.CacheDirectory, Guid.NewGuid().ToString("n") + TemporarySuffix));
    }

    /// <summary>Checks a written file, gives it its name and makes room for it. Blocking.</summary>
    /// <exception cref="IOException">It cannot be stored.</exception>
    /// <exception cref="MediaFormatException">It is no clip.</exception>
    public Clip Keep(TemporaryClip written, string name, ProgramFormat format)
    {
        written.Stream.Dispose();
        var clip = Clip.Load(written.Path, format, _options.MaxInMemoryBytes, out var digest);
        var path = PathOf(name);
        Remove(path);
        File.Move(written.Path, path, overwrite: true);
        // The same file system, so that the rename is atomic; the seal comes last.
        File.WriteAllBytes(written.Path, JsonSerializer.SerializeToUtf8Bytes(new Seal(digest, clip.VideoFrameCount, clip.AudioFrameCount)));
        File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime);
        File.Move(written.Path, path + SealSuffix, overwrite: true);
        Trim(keep: path);
        return clip;
    }

    private void Trim(string keep)
    {
        var files = new DirectoryInfo(_options.CacheDirectory).GetFiles("*" + ClipSuffix).OrderByDescending(file => file.LastWriteTimeUtc).ToList();
        var total = 0L;
        foreach (var file in files)
        {
            total += file.Length;
            if (total > _options.MaxCacheBytes && file.FullName != Path.GetFullPath(keep)) Remove(file.FullName);
        }
    }

    private string PathOf(string name) => Path.Combine(_options.CacheDirectory, name + ClipSuffix);

    private static void Remove(string path)
    {
        // The seal first: a crash in between leaves a file that is no clip, not a clip that is no file.
        Delete(path + SealSuffix);
        Delete(path);
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Seen again at the next trim or sweep.
        }
    }

    private sealed record Seal(string Sha256, int VideoFrames, int AudioFrames);

    /// <summary>A file that is being written.</summary>
    internal sealed class TemporaryClip(string path) : IDisposable
    {
        /// <summary>Where.</summary>
        public string Path { get; } = path;

        /// <summary>Writes to it.</summary>
        public FileStream Stream { get; } = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);

        /// <inheritdoc/>
        public void Dispose()
        {
            Stream.Dispose();
            Delete(Path);
        }
    }
}
