using System.Text;
using StreamManager.Server.Storage;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

public sealed class RedisLayoutTests
{
    [Theory]
    [InlineData("stream:key", "5f3a", "stream:key:5f3a", "version:stream:key:5f3a")]
    [InlineData("stream:alias", "obs", "stream:alias:obs", "version:stream:alias:obs")]
    [InlineData("user", "a:b%c", "user:a%3Ab%25c", "version:user:a%3Ab%25c")]
    [InlineData("user", "%3A", "user:%253A", "version:user:%253A")]
    public void Key_OfADocument_IsReadBack(string kind, string id, string key, string versionKey)
    {
        Assert.Equal(key, RedisLayout.Key(kind, id));
        Assert.Equal(versionKey, RedisLayout.VersionKey(kind, id));
        Assert.Equal(id, RedisLayout.Id(kind, key));
    }

    [Theory]
    [InlineData("stream", "stream:key:5f3a")]
    [InlineData("stream:key", "stream:keys:5f3a")]
    [InlineData("stream:key", "stream:key")]
    [InlineData("stream:key", "stream:key:")]
    [InlineData("user", "user:a%b")]
    [InlineData("user", "user:a%3ab")]
    [InlineData("user", "user:a b")]
    [InlineData("user", "user:ü")]
    [InlineData("user", "users:a")]
    public void Key_OfAnotherKindOrForm_IsNone(string kind, string key) => Assert.Null(RedisLayout.Id(kind, key));

    [Theory]
    [InlineData("version", true)]
    [InlineData("version:user", true)]
    [InlineData("state", true)]
    [InlineData("versions", false)]
    [InlineData("stream:state", false)]
    public void Kind_ThatTheStoreItselfUses_IsReserved(string kind, bool isReserved) => Assert.Equal(isReserved, RedisLayout.IsReserved(kind));

    [Fact]
    public void Message_OfChanges_IsRead() => Assert.Equal(
        [new StateChange.Written("stream:key", "5f3a", 12), new StateChange.Removed("stream:alias", "obs", 12)],
        RedisChangeMessage.Read("12\nwritten stream:key 5f3a\nremoved stream:alias obs\n"u8.ToArray())!.Value);

    [Theory]
    [InlineData("")]
    [InlineData("12")]
    [InlineData("x\nwritten a b\n")]
    [InlineData("12\nwritten a b")]
    [InlineData("12\nwritten a\n")]
    [InlineData("12\nwritten A b\n")]
    [InlineData("12\nwritten a b c\n")]
    [InlineData("12\nforgotten a b\n")]
    [InlineData("12\n\n")]
    [InlineData("99999999999999999999\nwritten a b\n")]
    public void Message_OfSomebodyElse_IsNone(string message) => Assert.Null(RedisChangeMessage.Read(Encoding.UTF8.GetBytes(message)));

    [Fact]
    public void Message_WithMoreLinesThanACallHasChanges_IsNone()
    {
        Assert.Equal(StateLimits.MostWrites, RedisChangeMessage.Read(Message(StateLimits.MostWrites))!.Value.Length);
        Assert.Null(RedisChangeMessage.Read(Message(StateLimits.MostWrites + 1)));

        static byte[] Message(int lines) => Encoding.UTF8.GetBytes("1\n" + string.Concat(Enumerable.Range(0, lines).Select(i => $"written a {i}\n")));
    }
}
