using System.Collections.Frozen;
using System.Collections.Immutable;
using StreamManager.Engine;
using StreamManager.Engine.Channels;
using StreamManager.Server.Options;

namespace StreamManager.Server.Channels;

/// <summary>The channels of the server. Which there are is settled at start.</summary>
internal sealed class ChannelDirectory : IAsyncDisposable
{
    private readonly FrozenDictionary<string, Channel> _byId;

    /// <summary>Makes every channel, off air.</summary>
    public ChannelDirectory(IEnumerable<ChannelOptions> channels, EngineServices services)
    {
        All = [.. channels.Select(channel => new Channel(channel.Definition, services))];
        _byId = All.ToFrozenDictionary(channel => channel.Id, StringComparer.Ordinal);
    }

    /// <summary>All of them, <c>main</c> first.</summary>
    public ImmutableArray<Channel> All { get; }

    /// <summary>The channel that routes without a channel act on.</summary>
    public Channel Main => All[0];

    /// <summary>The channel with an id; null: none.</summary>
    public Channel? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Starts what is to be on air from the start, and what was on air when the server was killed.</summary>
    public Task RunStartModesAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(channel => channel.RunStartModeAsync(cancellationToken)));

    /// <summary>Ends every broadcast, as an operator would: none comes back by itself at the next start.</summary>
    public Task EndBroadcastsAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(channel => channel.StopAsync(cancellationToken)));

    /// <summary>Ends every channel in order; destinations get a clean end.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(All.Select(channel => channel.DisposeAsync().AsTask()));
}
