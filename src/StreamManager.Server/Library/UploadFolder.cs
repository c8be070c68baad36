using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Library;

/// <summary>
/// Uploads in parts on the disk: <c>ID.part</c> with the bytes, and <c>ID.json</c>, which says how many of them count. That is written after the bytes were flushed, so that it is true
/// after a power cut as well; what the other has beyond it is cut off. One caller at a time for each upload.
/// </summary>
internal sealed class UploadFolder(string folder)
{
    private const string RecordSuffix = ".json", BytesSuffix = ".part";
    private const string Letters = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A hundred bits: who does not know an id cannot find it.</summary>
    private const int RandomLetters = 20;

    /// <summary>A record is below a kilobyte; what is larger is none of ours.</summary>
    private const int LargestRecord = 16 * 1024;

    /// <summary>An id for a new upload.</summary>
    public static string NewId() => "upl_" + RandomNumberGenerator.GetString(Letters, RandomLetters);

    /// <summary>Where the bytes are.</summary>
    public string PathOf(string id) => Path.Combine(folder, id + BytesSuffix);

    /// <summary>Reads what an earlier process left, and removes what does not fit together.</summary>
    /// <exception cref="IOException">The folder cannot be used.</exception>
    public ImmutableArray<UploadRecord> Load()
    {
        var records = Directory.EnumerateFiles(folder, "*" + RecordSuffix).Select(Read).OfType<UploadRecord>().ToImmutableArray();
        var known = records.SelectMany(record => new[] { record.Id + RecordSuffix, record.Id + BytesSuffix }).ToHashSet(StringComparer.Ordinal);
        foreach (var stray in Directory.EnumerateFiles(folder).Where(path => !known.Contains(Path.GetFileName(path))))
            File.Delete(stray);
        return records;
    }

    /// <summary>Writes a record; returns when the disk has it.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public void Save(UploadRecord record) => DurableFile.Replace(Path.Combine(folder, record.Id + RecordSuffix), JsonSerializer.SerializeToUtf8Bytes(record, UploadJson.Default.UploadRecord));

    /// <summary>Opens the bytes for more, behind those that count. The caller disposes it.</summary>
    /// <exception cref="IOException">The disk does not give it.</exception>
    public FileStream Append(UploadRecord record)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.Read, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(PathOf(record.Id), options);
        file.SetLength(record.Offset);
        file.Position = record.Offset;
        return file;
    }

    /// <summary>Removes the bytes; the record stays.</summary>
    /// <exception cref="IOException">The disk does not let them go.</exception>
    public void RemoveBytes(string id) => File.Delete(PathOf(id));

    /// <summary>Removes all of it.</summary>
    /// <exception cref="IOException">The disk does not let it go.</exception>
    public void Remove(string id)
    {
        // Bytes without a record go at the next start; a record without its bytes would promise some.
        File.Delete(Path.Combine(folder, id + RecordSuffix));
        RemoveBytes(id);
    }

    private UploadRecord? Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestRecord
                || JsonSerializer.Deserialize(File.ReadAllBytes(path), UploadJson.Default.UploadRecord) is not { } record
                || record.Id + RecordSuffix != Path.GetFileName(path)
                || record.Length <= 0 || record.Offset < 0 || record.Offset > record.Length)
            {
                return null;
            }

            // Bytes that are not there do not count; those of a whole one may have become a file of the library.
            if (record.IsDecided || record.IsWhole)
                return record;
            var bytes = new FileInfo(PathOf(record.Id));
            return record with { Offset = Math.Min(record.Offset, bytes.Exists ? bytes.Length : 0) };
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
