using System.Text.Json;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Storage;

/// <summary>
/// <c>DATA_DIR/state.json</c>: read once at start, replaced whole at each change. While it is open, no second server may use the folder. Thread-safe.
/// </summary>
internal sealed class StateFile : IDisposable
{
    /// <summary>Name of the file in the data directory.</summary>
    public const string FileName = "state.json";

    private readonly string _path;
    private readonly DataDirectoryLock _folder;
    private readonly Lock _lock = new();
    private StateDocument _current;

    private StateFile(string path, DataDirectoryLock folder, StateDocument current)
    {
        _path = path;
        _folder = folder;
        _current = current;
    }

    /// <summary>The document as it is on the disk.</summary>
    public StateDocument Current => Volatile.Read(ref _current);

    /// <summary>Opens the state in <paramref name="dataDirectory"/>, which is made when it is not there.</summary>
    /// <exception cref="StartupException">The folder cannot be used, another server uses it, or the file is damaged.</exception>
    public static StateFile Open(string dataDirectory)
    {
        var folder = DataDirectoryLock.Take(dataDirectory);
        try
        {
            var path = Path.Combine(dataDirectory, FileName);
            return new StateFile(path, folder, Read(path));
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Changes the document; returns when the disk has it. When that fails, nothing has changed.</summary>
    /// <exception cref="IOException">The disk is full or gone.</exception>
    public void Update(Func<StateDocument, StateDocument> change)
    {
        lock (_lock)
        {
            var next = change(_current);
            DurableFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(next, StateJson.Default.StateDocument));
            Volatile.Write(ref _current, next);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static StateDocument Read(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            return StateDocument.Empty;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be read: {e.Message}", e);
        }

        try
        {
            RefuseOtherVersion(path, bytes);
            var document = JsonSerializer.Deserialize(bytes, StateJson.Default.StateDocument);
            return document is null || document.HasHoles ? throw new JsonException("There is a null where a record must be.") : document;
        }
        catch (JsonException e)
        {
            // The message names the place only: the exception's own text may repeat what it found.
            throw new StartupException($"{path} is damaged (line {e.LineNumber + 1 ?? 1}). Put a backup of it back. "
                + "To start afresh, move it away: destinations added through the API and generated publish keys are then lost; config.yml is not touched.", e);
        }
    }

    /// <summary>Before anything else is read: another version may have other fields.</summary>
    private static void RefuseOtherVersion(string path, byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        if (document.RootElement.ValueKind is not JsonValueKind.Object
            || !document.RootElement.TryGetProperty("version", out var element)
            || element.ValueKind is not JsonValueKind.Number
            || !element.TryGetInt32(out var version))
        {
            throw new JsonException("There is no version.");
        }

        if (version != StateDocument.CurrentVersion)
        {
            throw new StartupException($"{path} was written by another version of the server (format {version}, this one reads {StateDocument.CurrentVersion}). "
                + "Start that version, or use another DATA_DIR.");
        }
    }
}
