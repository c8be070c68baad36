using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Channels;

/// <summary>Where a publish key leads.</summary>
internal sealed record IngestTarget(string ChannelId, string SourceId);

/// <summary>Every publish key of the server. Immutable after it is made.</summary>
internal sealed class IngestKeyRing
{
    /// <summary>Bytes of a generated key: beyond guessing.</summary>
    private const int KeyBytes = 32;

    private readonly ImmutableArray<Entry> _entries;

    private IngestKeyRing(ImmutableArray<Entry> entries) => _entries = entries;

    /// <summary>Takes the fixed keys of the configuration; for every source without one, the key that was made before, or a new one.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static async Task<IngestKeyRing> LoadAsync(IEnumerable<ChannelOptions> channels, IngestKeyRecords records, CancellationToken cancellationToken)
    {
        var entries = ImmutableArray.CreateBuilder<Entry>();
        foreach (var channel in channels)
        {
            foreach (var (index, sourceId) in channel.Definition.Sources.Index())
            {
                var configured = index switch { 0 => channel.IngestKey, 1 => channel.BackupIngestKey, _ => null };
                var key = configured?.Value ?? await LoadOrMakeAsync(records, channel.Definition.Id, sourceId, cancellationToken);
                entries.Add(new Entry(new IngestTarget(channel.Definition.Id, sourceId), new Secret(key), new TokenDigest(key)));
            }
        }

        return new IngestKeyRing(entries.ToImmutable());
    }

    /// <summary>The key of a source; null when there is no such source.</summary>
    public Secret? KeyOf(string channelId, string sourceId) =>
        _entries.FirstOrDefault(entry => entry.Target.ChannelId == channelId && entry.Target.SourceId == sourceId)?.Key;

    /// <summary>The source that <paramref name="candidate"/> is the key of; null: none. Takes the same time for every candidate.</summary>
    public IngestTarget? Find(string candidate)
    {
        var digest = TokenDigest.Compute(candidate);
        IngestTarget? found = null;
        foreach (var entry in _entries)
        {
            if (entry.Digest.Matches(digest))
                found = entry.Target;
        }

        return found;
    }

    private static async Task<string> LoadOrMakeAsync(IngestKeyRecords records, string channelId, string sourceId, CancellationToken cancellationToken)
    {
        if (await records.LoadAsync(channelId, sourceId, cancellationToken) is { } kept)
            return kept;
        return await records.SaveAsync(channelId, sourceId, Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes)), cancellationToken);
    }

    private sealed record Entry(IngestTarget Target, Secret Key, TokenDigest Digest);
}
