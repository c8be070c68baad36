using System.Collections.Immutable;
using StreamManager.Engine;
using StreamManager.Engine.Channels;

namespace StreamManager.Server.Channels;

/// <summary>The running channels. One at a time adds and removes (the <see cref="ChannelCatalog"/>); anybody reads.</summary>
internal sealed class ChannelDirectory(EngineServices services) : IAsyncDisposable
{
    // Replaced whole. Few channels: looking through them is as quick as a dictionary.
    private ImmutableList<Channel> _channels = [];
    private bool _isDisposed;

    /// <summary>All of them, <c>main</c> first, then in the order in which they were added.</summary>
    public ImmutableList<Channel> All => Volatile.Read(ref _channels);

    /// <summary>The channel with an id; null: none.</summary>
    public Channel? Find(string id) => All.Find(channel => channel.Id == id);

    /// <summary>Makes a channel, off air.</summary>
    public Channel Add(ChannelDefinition definition)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var channel = new Channel(definition, services);
        Volatile.Write(ref _channels, _channels.Add(channel));
        return channel;
    }

    /// <summary>Takes a channel down: its broadcast ends for good, and destinations get a clean end.</summary>
    public async Task RemoveAsync(string id)
    {
        if (Find(id) is not { } channel)
            return;
        Volatile.Write(ref _channels, _channels.Remove(channel));
        await channel.StopAsync(CancellationToken.None);
        await channel.DisposeAsync();
    }

    /// <summary>Starts what is to be on air from the start, and what was on air when the server was killed.</summary>
    public Task RunStartModesAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(channel => channel.RunStartModeAsync(cancellationToken)));

    /// <summary>Ends every broadcast, as an operator would: none comes back by itself at the next start.</summary>
    public Task EndBroadcastsAsync(CancellationToken cancellationToken) => Task.WhenAll(All.Select(channel => channel.StopAsync(cancellationToken)));

    /// <summary>Ends every channel in order; destinations get a clean end.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        await Task.WhenAll(All.Select(channel => channel.DisposeAsync().AsTask()));
    }
}
