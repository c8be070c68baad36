using System.Collections.Immutable;
using StreamManager.Engine;
using StreamManager.Engine.Channels;

namespace StreamManager.Server.Channels;

/// <summary>The running channels. One at a time adds and removes (the <see cref="ChannelCatalog"/>); anybody reads.</summary>
/// <param name="services">What channels share.</param>
/// <param name="broadcasts">What is remembered of their broadcasts; null: nothing is.</param>
internal sealed class ChannelDirectory(EngineServices services, BroadcastRecords? broadcasts = null) : IAsyncDisposable
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

    /// <summary>Takes a channel down: it is gone when this returns a task, and when that is done its broadcast has ended for good, destinations got a clean end, and nothing is remembered of it.</summary>
    public async Task RemoveAsync(string id)
    {
        if (Find(id) is not { } channel)
            return;
        Volatile.Write(ref _channels, _channels.Remove(channel));
        await channel.StopAsync(CancellationToken.None);
        await channel.DisposeAsync();
        if (broadcasts is not null)
            await broadcasts.ForgetAsync(id);
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
