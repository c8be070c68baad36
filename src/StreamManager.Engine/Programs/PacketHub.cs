using System.Collections.Immutable;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Programs;

/// <summary>What a new subscriber needs before live packets make sense to it.</summary>
/// <param name="Header">Configuration of video and audio, and metadata.</param>
/// <param name="Cached">The packets since the last keyframe; empty: the subscriber starts at the next one.</param>
internal sealed record HubJoin(StreamHeader Header, ImmutableArray<ProgramPacket> Cached);

/// <summary>
/// What stands in front of a stream's frames.
/// </summary>
/// <param name="Metadata">What is said about the tracks; null: nothing.</param>
/// <param name="Video">Video configuration; null: no video.</param>
/// <param name="Audio">Audio configuration; null: no audio.</param>
internal sealed record StreamHeader(OnMetaData? Metadata, MediaPacket? Video, MediaPacket? Audio)
{
    /// <summary>
    /// True when a player of this one can go on with the other at its next keyframe. Players in browsers, and files, take another configuration of the same codec in the middle of a
    /// stream, but neither another codec nor a track more or less.
    /// </summary>
    public bool CanBecome(StreamHeader other) => Video?.Codec == other.Video?.Codec && Audio?.Codec == other.Audio?.Codec;
}

/// <summary>How a stream ends for its subscribers.</summary>
internal enum HubEnd
{
    /// <summary>The broadcast is over: say so to the peer.</summary>
    Intended = 1,

    /// <summary>The stream goes on in another form (format change, server going down for a moment): the peer is not told that it is over.</summary>
    Interrupted = 2,
}

/// <summary>Somebody who gets every packet of a stream. Called on the program's loop: must return at once, and never throws.</summary>
internal interface IHubSubscriber
{
    /// <summary>Comes before all else; again, with an empty group, when a source goes on with another header at its next keyframe.</summary>
    void Join(HubJoin join);

    /// <summary>The next packets.</summary>
    void Offer(PacketBatch batch);

    /// <summary>The last call.</summary>
    void End(HubEnd end);
}

/// <summary>
/// Hands one stream (a program, or a source) to any number of subscribers and keeps the packets since its last keyframe, so that a new one can start at once.
/// Owned by the program's loop; nothing here is called from elsewhere.
/// </summary>
internal sealed class PacketHub
{
    /// <summary>Bytes of the cached group of pictures: 10 s (the longest distance of keyframes that OBS makes by itself) at 12 Mbit/s. A longer one is not kept.</summary>
    internal const int MaxCachedBytes = 16 * 1024 * 1024;

    /// <summary>Packets of the cached group: 20 s of 60 pictures and 47 audio frames a second.</summary>
    internal const int MaxCachedPackets = 2200;

    private readonly List<ProgramPacket> _cache = [];
    private readonly List<ProgramPacket> _pending = [];
    private readonly bool _keepsGroup;
    private ImmutableArray<IHubSubscriber> _subscribers = [];
    private WireClock _clock;
    private int _cachedBytes;
    private bool _caching;
    private bool _hasBegun;

    /// <summary>Creates a hub.</summary>
    /// <param name="keepsGroup">False: new subscribers wait for the next keyframe (the "GOP cache" setting).</param>
    public PacketHub(bool keepsGroup = true)
    {
        _keepsGroup = keepsGroup;
    }

    /// <summary>What stands in front of the stream; empty before <see cref="Begin"/>.</summary>
    public StreamHeader Header { get; private set; } = new(null, null, null);

    /// <summary>True from <see cref="Begin"/> to <see cref="End"/>.</summary>
    public bool HasBegun => _hasBegun;

    /// <summary>True when packets wait for <see cref="Flush"/>.</summary>
    public bool HasPending => _pending.Count > 0;

    /// <summary>The packets since the last keyframe.</summary>
    public IReadOnlyList<ProgramPacket> CachedGroup => _cache;

    /// <summary>
    /// The stream begins with this header: subscribers that have waited for it join. When it has begun already (a source whose encoder was set otherwise) it goes on with this one: who can go
    /// on too joins anew and gets frames from the next keyframe on; else all are ended, and those who come back begin with it.
    /// </summary>
    public void Begin(StreamHeader header)
    {
        Flush();
        if (_hasBegun)
        {
            if (!Header.CanBecome(header))
                End(HubEnd.Interrupted);
            // What was before does not belong to this header.
            ClearCache();
            _caching = false;
        }
        Header = header;
        _hasBegun = true;
        foreach (var subscriber in _subscribers)
            Join(subscriber);
    }

    /// <summary>Adds a subscriber. It is brought up to date first; before <see cref="Begin"/> it waits.</summary>
    public void Subscribe(IHubSubscriber subscriber)
    {
        Flush();
        if (_hasBegun)
            Join(subscriber);
        _subscribers = _subscribers.Add(subscriber);
    }

    /// <summary>Removes a subscriber without a word.</summary>
    public void Unsubscribe(IHubSubscriber subscriber) => _subscribers = _subscribers.Remove(subscriber);

    /// <summary>Takes packets; they go out with the next <see cref="Flush"/>.</summary>
    public void Add(in ProgramPacket packet)
    {
        _pending.Add(packet);
        if (packet.IsVideoKeyframe)
        {
            ClearCache();
            _caching = true;
        }
        if (!_caching)
            return;
        _cache.Add(packet);
        _cachedBytes += packet.Packet.Body.Length;
        if (_cachedBytes > MaxCachedBytes || _cache.Count > MaxCachedPackets)
        {
            ClearCache();
            _caching = false;
        }
    }

    /// <summary>Hands the pending packets to all subscribers, as one batch.</summary>
    public void Flush()
    {
        if (_pending.Count == 0)
            return;
        if (_subscribers.IsEmpty || !_hasBegun)
        {
            foreach (var packet in _pending)
                _clock.Advance(packet);
        }
        else
        {
            var batch = PacketBatch.Create(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending), ref _clock);
            foreach (var subscriber in _subscribers)
                subscriber.Offer(batch);
        }
        _pending.Clear();
    }

    /// <summary>Ends the stream for everybody.</summary>
    public void End(HubEnd end)
    {
        Flush();
        foreach (var subscriber in _subscribers)
            subscriber.End(end);
        _subscribers = [];
        ClearCache();
        _caching = false;
        _hasBegun = false;
        Header = new StreamHeader(null, null, null);
    }

    private void Join(IHubSubscriber subscriber) => subscriber.Join(new HubJoin(Header, _keepsGroup ? [.. _cache] : []));

    private void ClearCache()
    {
        _cache.Clear();
        _cachedBytes = 0;
    }
}
