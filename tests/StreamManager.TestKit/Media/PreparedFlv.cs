using System.Globalization;
using StreamManager.TestKit.Processes;

namespace StreamManager.TestKit.Media;

/// <summary>FLV files encoded once per settings and kept, so that a test's encoder costs almost no CPU: it copies packets.</summary>
public static class PreparedFlv
{
    /// <summary>Seconds that are encoded, at least.</summary>
    private const int PieceSeconds = 16;

    /// <summary>
    /// Seconds of a whole file. The piece is repeated in the file, tag by tag, since ffmpeg's own <c>-stream_loop</c> leaves a hole at each turn
    /// (150 ms measured with B-frames), and a test must be able to blame every hole on the server. Longer than any test publishes.
    /// </summary>
    private const int FileSeconds = 240;

    /// <summary>Part of the cache's directory name: counted up whenever the way files are made changes.</summary>
    private const string Generation = "flv-3";

    private const int HeaderLength = 13;
    private const int TagOverhead = 15;
    private const byte AudioTag = 8;
    private const byte VideoTag = 9;
    private const int PacketTypeOffset = 12;
    private const byte FramePacket = 1;
    private const byte EndOfSequencePacket = 2;

    private static readonly SemaphoreSlim Gate = new(1, 1);

    /// <summary>The path of the file for these settings, four minutes long; encodes it when it is not there yet.</summary>
    public static async Task<string> GetAsync(EncoderSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var path = Path.Combine(RepositoryFiles.CacheDirectory(Generation), settings.CacheKey + ".flv");
        if (File.Exists(path))
            return path;
        await Gate.WaitAsync();
        try
        {
            if (!File.Exists(path))
                await MakeAsync(settings, path);
            return path;
        }
        finally
        {
            Gate.Release();
        }
    }

    private static async Task MakeAsync(EncoderSettings settings, string path)
    {
        // Under other names until it is whole: another test process may look for it at the same time.
        var encoded = $"{path}.{Environment.ProcessId}.encoded";
        var repeated = $"{path}.{Environment.ProcessId}.repeated";
        try
        {
            var piece = settings.FindPiece(PieceSeconds);
            await EncodeAsync(settings, piece, encoded);
            if (piece is null)
                File.Move(encoded, path, overwrite: true);
            else
            {
                await using (var output = File.Create(repeated))
                    Repeat(await File.ReadAllBytesAsync(encoded), piece, output);
                File.Move(repeated, path, overwrite: true);
            }
        }
        finally
        {
            File.Delete(encoded);
            File.Delete(repeated);
        }
    }

    private static async Task EncodeAsync(EncoderSettings settings, RepeatablePiece? piece, string path)
    {
        // The sound is made a little longer and cut by Repeat: the encoder's own end would come in the middle of a frame.
        List<string> arguments =
        [
            "-nostdin", "-hide_banner", "-v", "error", "-y",
            .. settings.InputArguments(realTime: false, piece?.VideoFrames, piece is null ? null : (int)Math.Ceiling(piece.Milliseconds / 1000) + 1),
            .. settings.EncodingArguments(), "-t", FileSeconds.ToString(CultureInfo.InvariantCulture), "-f", "flv", "-flvflags", "no_duration_filesize", path,
        ];
        var result = await ChildProcess.RunAsync("ffmpeg", arguments, TimeSpan.FromMinutes(5));
        if (result.ExitCode != 0)
            throw new InvalidOperationException($"ffmpeg could not prepare a test file:\n{result.ErrorTail}");
    }

    // Everything once, then the frames again and again, later by the length of the piece each time. End-of-sequence tags are left out.
    private static void Repeat(ReadOnlySpan<byte> encoded, RepeatablePiece piece, Stream output)
    {
        output.Write(encoded[..HeaderLength]);
        var turns = (int)Math.Ceiling(FileSeconds * 1000 / piece.Milliseconds);
        for (var turn = 0; turn < turns; turn++)
        {
            var shift = (uint)Math.Round(turn * piece.Milliseconds);
            var (videoLeft, audioLeft) = (piece.VideoFrames, piece.AudioFrames);
            for (var rest = encoded[HeaderLength..]; rest.Length > TagOverhead;)
            {
                var length = TagOverhead + (rest[1] << 16 | rest[2] << 8 | rest[3]);
                var tag = rest[..length].ToArray();
                rest = rest[length..];
                var keep = (Type: tag[0], Content: tag[PacketTypeOffset]) switch
                {
                    (VideoTag, FramePacket) => --videoLeft >= 0,
                    (AudioTag, FramePacket) => --audioLeft >= 0,
                    (VideoTag, EndOfSequencePacket) => false,
                    _ => turn == 0,
                };
                if (!keep)
                    continue;
                var time = shift + (uint)(tag[7] << 24 | tag[4] << 16 | tag[5] << 8 | tag[6]);
                (tag[7], tag[4], tag[5], tag[6]) = ((byte)(time >> 24), (byte)(time >> 16), (byte)(time >> 8), (byte)time);
                output.Write(tag);
            }
            if (videoLeft > 0 || audioLeft > 0)
                throw new InvalidOperationException($"ffmpeg made {videoLeft} video and {audioLeft} audio frames too few.");
        }
    }
}
