using System.Security.Cryptography;

namespace StreamManager.Server.Library;

/// <summary>
/// A file that is being received, in a folder which every start empties. One writer. Disposed before it was moved, it is gone; so after a kill of the server only the temporary file is left.
/// </summary>
internal sealed class IncomingFile : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly FileStream _stream;

    private IncomingFile(FileStream stream) => _stream = stream;

    /// <summary>Where it is.</summary>
    public string Path => _stream.Name;

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>Makes an empty one, for its owner's eyes only.</summary>
    /// <exception cref="IOException">The disk is full or read-only.</exception>
    public static IncomingFile Create(string folder)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new IncomingFile(new FileStream(System.IO.Path.Combine(folder, $"{Guid.NewGuid():n}.part"), options));
    }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _stream.WriteAsync(bytes, cancellationToken);
        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>No more bytes: flushes to the disk, which may take seconds.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public ReceivedFile Finish()
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        return new ReceivedFile(Path, Length, Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
        try
        {
            // Nothing happens when it was moved.
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start empties the folder.
        }
    }
}
