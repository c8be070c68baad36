using System.Text;
using StreamManager.Engine.Outputs;
using StreamManager.Server.Channels;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Tests.Storage;

public sealed class StateStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string StatePath => _folder.File(StateFile.FileName);

    [Fact]
    public void Saved_AfterReopen_IsThere()
    {
        var destination = new SavedDestination("main", Destination("d_1", "key-1") with
        {
            Enabled = false,
            Settings = new OutputSettings { RetryLimit = 7, QueueLimit = TimeSpan.FromSeconds(2) },
        });
        using (var store = Open())
        {
            store.Save(destination);
            store.Save(new SavedDestination("other", Destination("d_2", "")));
            store.Save(new DestinationOverride("twitch", false, "key-3"));
            store.SaveIngestKey("main", "backup", "key-4");
        }

        using var again = Open();
        Assert.Equal([destination, new SavedDestination("other", Destination("d_2", ""))], again.LoadDestinations());
        Assert.Equal([new DestinationOverride("twitch", false, "key-3")], again.LoadOverrides());
        Assert.Equal("key-4", again.LoadIngestKey("main", "backup"));
        Assert.Null(again.LoadIngestKey("main", "main"));
    }

    [Fact]
    public void Saved_Again_ReplacesInPlace()
    {
        using var store = Open();
        store.Save(new SavedDestination("main", Destination("d_1", "a")));
        store.Save(new SavedDestination("main", Destination("d_2", "b")));
        store.Save(new SavedDestination("main", Destination("d_1", "c")));
        store.Save(new DestinationOverride("twitch", false, null));
        store.Save(new DestinationOverride("twitch", null, "k"));
        Assert.Equal([("d_1", "c"), ("d_2", "b")], store.LoadDestinations().Select(d => (d.Definition.Id, d.Definition.StreamKey)));
        Assert.Equal([new DestinationOverride("twitch", null, "k")], store.LoadOverrides());
        store.RemoveDestination("d_1");
        Assert.Equal(["d_2"], store.LoadDestinations().Select(d => d.Definition.Id));
    }

    [Fact]
    public void Files_OnDisk_HoldNoSecretAndAreForTheOwnerOnly()
    {
        using (var store = Open(new Secret("a passphrase of words")))
        {
            store.Save(new SavedDestination("main", Destination("d_1", "s3cret-key") with { Url = "rtmp://user:s3cret-password@h/app" }));
            store.Save(new DestinationOverride("twitch", null, "s3cret-override"));
            store.SaveIngestKey("main", "main", "s3cret-ingest");
        }

        foreach (var file in Directory.GetFiles(_folder.Path))
            Assert.DoesNotContain("s3cret", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(StatePath));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.Path));
    }

    [Fact]
    public void Update_KilledBeforeTheRename_LeavesTheOldState()
    {
        using (var store = Open())
            store.Save(new SavedDestination("main", Destination("d_1", "a")));
        File.WriteAllText(StatePath + ".new", "{ \"version\": 1, \"destin");
        using var again = Open();
        Assert.Single(again.LoadDestinations());
        again.Save(new SavedDestination("main", Destination("d_2", "b")));
        Assert.False(File.Exists(StatePath + ".new"));
    }

    [Fact]
    public void Open_EveryPrefixOfTheFile_IsRefusedAndNothingIsLost()
    {
        using (var store = Open())
            store.Save(new SavedDestination("main", Destination("d_1", "a")));
        var whole = File.ReadAllBytes(StatePath);
        for (var length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(StatePath, whole[..length]);
            Assert.Contains("is damaged", Refusal(), StringComparison.Ordinal);
            Assert.Equal(length, new FileInfo(StatePath).Length);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{ \"version\": \"1\" }")]
    [InlineData("{ \"version\": 1, \"unknown\": 1 }")]
    [InlineData("{ \"version\": 1, \"destinations\": null }")]
    [InlineData("{ \"version\": 1, \"destinations\": [ { \"id\": \"a\" } ] }")]
    [InlineData("{ \"version\": 1, \"destinations\": [ null ] }")]
    public void Open_NotAStateFile_IsRefused(string text)
    {
        File.WriteAllText(StatePath, text);
        Assert.Contains("is damaged", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_FileOfANewerVersion_SaysSo()
    {
        File.WriteAllText(StatePath, "{ \"version\": 2 }");
        Assert.Contains("another version", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WithDamagedSeal_NamesTheRecord()
    {
        using (var store = Open())
            store.SaveIngestKey("main", "main", "a-key");
        var text = File.ReadAllText(StatePath);
        var at = text.IndexOf("sealedKey", StringComparison.Ordinal) + 20;
        File.WriteAllText(StatePath, text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..]);
        Assert.Contains("ingest/main/main", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhileAnotherServerRuns_IsRefused()
    {
        using var store = Open();
        Assert.Contains("in use by another running server", Refusal(), StringComparison.Ordinal);
    }

    public static TheoryData<string?, string?, string> WrongKeys => new()
    {
        { "a passphrase of words", "another passphrase", "ENCRYPTION_KEY is not the key" },
        { "a passphrase of words", new string('a', 64), "ENCRYPTION_KEY is not the key" },
        { new string('a', 64), new string('b', 64), "ENCRYPTION_KEY is not the key" },
        { null, "a passphrase of words", "ENCRYPTION_KEY is not the key" },
        { "a passphrase of words", null, "is missing" },
    };

    [Theory]
    [MemberData(nameof(WrongKeys))]
    public void Open_WithAnotherKey_IsRefusedAndTheRightOneStillOpens(string? first, string? second, string words)
    {
        using (var store = Open(Key(first)))
            store.SaveIngestKey("main", "main", "a-key");
        Assert.Contains(words, Refusal(Key(second)), StringComparison.Ordinal);
        using var again = Open(Key(first));
        Assert.Equal("a-key", again.LoadIngestKey("main", "main"));
    }

    [Fact]
    public void Open_WithoutItsKeyFile_IsRefusedAndMakesNoNewOne()
    {
        Open().Dispose();
        File.Delete(_folder.File(EncryptionKeys.FileName));
        Assert.Contains("is missing", Refusal(), StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File(EncryptionKeys.FileName)));
        File.WriteAllText(_folder.File(EncryptionKeys.FileName), new string('0', 64));
        Assert.Contains("is not the one", Refusal(), StringComparison.Ordinal);
        File.WriteAllText(_folder.File(EncryptionKeys.FileName), "half");
        Assert.Contains("is damaged", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_InAFile_IsRefused()
    {
        var path = _folder.File("a-file");
        File.WriteAllText(path, "");
        Assert.Contains("cannot be used", Assert.Throws<StartupException>(() => StateStore.Open(path, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Replace_Repeated_AlwaysLeavesAWholeFile()
    {
        var path = _folder.File("x");
        for (var i = 0; i < 50; i++)
        {
            var text = new string((char)('a' + (i % 26)), 1 + (i * 100));
            DurableFile.Replace(path, Encoding.ASCII.GetBytes(text));
            Assert.Equal(text, File.ReadAllText(path));
        }
    }

    public void Dispose() => _folder.Dispose();

    private StateStore Open(Secret? key = null) => StateStore.Open(_folder.Path, key);

    private string Refusal(Secret? key = null) => Assert.Throws<StartupException>(() => Open(key).Dispose()).Message;

    private static Secret? Key(string? text) => text is null ? null : new Secret(text);

    private static DestinationDefinition Destination(string id, string key) => new() { Id = id, Name = "Name of " + id, Url = "rtmp://h/app", StreamKey = key };
}
