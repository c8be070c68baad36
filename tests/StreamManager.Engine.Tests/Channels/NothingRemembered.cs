using StreamManager.Engine.Channels;

namespace StreamManager.Engine.Tests.Channels;

/// <summary>No broadcast was before, and none is kept.</summary>
internal sealed class NothingRemembered : IBroadcastStore
{
    public BroadcastRecord? Load(string channelId) => null;

    public Task SaveAsync(string channelId, BroadcastRecord record) => Task.CompletedTask;
}
