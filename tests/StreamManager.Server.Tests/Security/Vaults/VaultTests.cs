using System.Text;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Vaults;

public sealed class VaultTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerState _state = null!;

    private AnchoredStore Store => _state.Store;

    private string KeyFile => _folder.File(MasterKey.FileName);

    private string NextKeyFile => _folder.File(MasterKey.NextFileName);

    public async ValueTask InitializeAsync() => _state = await TestStore.OpenAsync(_folder);

    public async ValueTask DisposeAsync()
    {
        await _state.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("a passphrase of words")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF")]
    public async Task Sealed_AfterTheVaultWasOpenedAgain_Opens(string? key)
    {
        string sealedText;
        using (var vault = await OpenAsync(key))
        {
            Assert.True(vault.IsNew);
            sealedText = vault.Seal("live_123", "destination/d_1/key");
        }

        using var again = await OpenAsync(key);
        Assert.False(again.IsNew);
        Assert.Equal("live_123", again.TryOpen(sealedText, "destination/d_1/key"));
        Assert.Null(again.TryOpen(sealedText, "destination/d_2/key"));
        Assert.Equal(key is null, File.Exists(KeyFile));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":")]
    [InlineData("nothing")]
    [InlineData("k00000000:AAAA")]
    public async Task TryOpen_WhatNoVaultSealed_IsNull(string text)
    {
        using var vault = await OpenAsync(null);
        Assert.Null(vault.TryOpen(text, "owner"));
    }

    [Fact]
    public async Task Open_WithAnotherKey_IsRefusedInWordsThatNameNoKey()
    {
        using (await OpenAsync("the right passphrase"))
        {
        }

        var refusal = await Assert.ThrowsAsync<StartupException>(() => OpenAsync("the wrong passphrase"));
        Assert.Contains("ENCRYPTION_KEY is not the key", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("passphrase", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("is missing", (await Assert.ThrowsAsync<StartupException>(() => OpenAsync(null))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_WithTheKeyFileReplaced_IsRefused()
    {
        using (await OpenAsync(null))
        {
        }

        await WriteAsync(KeyFile, new string('a', 64));
        Assert.Contains("is not the one", (await Assert.ThrowsAsync<StartupException>(() => OpenAsync(null))).Message, StringComparison.Ordinal);
        await WriteAsync(KeyFile, "short");
        Assert.Contains("is damaged", (await Assert.ThrowsAsync<StartupException>(() => OpenAsync(null))).Message, StringComparison.Ordinal);
        File.Delete(KeyFile);
        Assert.Contains("is missing", (await Assert.ThrowsAsync<StartupException>(() => OpenAsync(null))).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(KeyFile));
    }

    [Fact]
    public async Task Open_TwiceAtTheSameTime_MakesOneVault()
    {
        var vaults = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync("a passphrase of words")));
        Assert.Single(vaults, vault => vault.IsNew);
        var sealedText = vaults[0].Seal("secret", "owner");
        Assert.All(vaults, vault => Assert.Equal("secret", vault.TryOpen(sealedText, "owner")));
        Assert.All(vaults, vault => vault.Dispose());
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(null, "the next passphrase")]
    [InlineData("the first passphrase", "the next passphrase")]
    [InlineData("the first passphrase", "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    public async Task Rotate_OldSealsOpenUnderTheNewKeyAndTheOldKeyOpensNothing(string? first, string? next)
    {
        string before;
        using (var vault = await OpenAsync(first))
            before = vault.Seal("secret", "owner");
        var oldFile = File.Exists(KeyFile) ? await ReadAsync(KeyFile) : null;
        var bodiesBefore = await Store.GetAsync("destination", "d_1", CancellationToken.None);

        await VaultRotation.RotateAsync(Store, Text(first), Text(next), _folder.Path, TimeProvider.System, CancellationToken.None);

        using (var vault = await OpenAsync(next))
        {
            Assert.Equal("secret", vault.TryOpen(before, "owner"));
            var after = vault.Seal("secret", "owner");
            Assert.NotEqual(before.Split(':')[0], after.Split(':')[0]);
            Assert.Equal("secret", vault.TryOpen(after, "owner"));
        }

        Assert.Equal(bodiesBefore, await Store.GetAsync("destination", "d_1", CancellationToken.None));
        Assert.False(File.Exists(NextKeyFile));
        Assert.Equal(next is null, File.Exists(KeyFile));
        if (oldFile is not null)
            await WriteAsync(KeyFile, oldFile);
        await Assert.ThrowsAsync<StartupException>(() => OpenAsync(first));
    }

    [Fact]
    public async Task Rotate_KilledBeforeTheStoreHasIt_OldKeyStillOpens()
    {
        using (await OpenAsync(null))
        {
        }

        await WriteAsync(NextKeyFile, new string('b', 64));
        using var vault = await OpenAsync(null);
        Assert.False(vault.IsNew);
        Assert.False(File.Exists(NextKeyFile));
    }

    [Fact]
    public async Task Rotate_KilledBeforeTheFileIsRenamed_IsFinishedAtTheNextOpen()
    {
        string before;
        using (var vault = await OpenAsync(null))
            before = vault.Seal("secret", "owner");
        var oldKey = await ReadAsync(KeyFile);
        await VaultRotation.RotateAsync(Store, null, null, _folder.Path, TimeProvider.System, CancellationToken.None);
        File.Move(KeyFile, NextKeyFile);
        await WriteAsync(KeyFile, oldKey);

        using (var vault = await OpenAsync(null))
            Assert.Equal("secret", vault.TryOpen(before, "owner"));
        Assert.False(File.Exists(NextKeyFile));
        using (var vault = await OpenAsync(null))
            Assert.Equal("secret", vault.TryOpen(before, "owner"));
    }

    [Fact]
    public async Task Rotate_WithoutWhatItNeeds_IsRefusedAndChangesNothing()
    {
        await RefusedAsync(null, null, "no vault yet");
        using (await OpenAsync("the first passphrase"))
        {
        }

        await RefusedAsync("the first passphrase", null, "NEW_ENCRYPTION_KEY");
        await RefusedAsync("the first passphrase", "the first passphrase", "the same");
        await RefusedAsync("a wrong passphrase", "the next passphrase", "is not the key");
        using (await OpenAsync("the first passphrase"))
        {
        }
    }

    [Fact]
    public async Task Document_InTheStore_HoldsNoKeyInClear()
    {
        using (await OpenAsync(null))
        {
        }

        var key = (await ReadAsync(KeyFile)).Trim();
        var document = await Store.GetAsync(Vault.Kind, Vault.DocumentId, CancellationToken.None);
        Assert.DoesNotContain(key, Encoding.UTF8.GetString(document!.Body.Span), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    private static Task WriteAsync(string path, string text) => File.WriteAllTextAsync(path, text, CancellationToken.None);

    private static Task<string> ReadAsync(string path) => File.ReadAllTextAsync(path, CancellationToken.None);

    private static Secret? Text(string? key) => key is null ? null : new Secret(key);

    private Task<Vault> OpenAsync(string? key) => Vault.OpenAsync(Store, Text(key), _folder.Path, TimeProvider.System, CancellationToken.None);

    private async Task RefusedAsync(string? first, string? next, string words)
    {
        var refusal = await Assert.ThrowsAsync<StartupException>(
            () => VaultRotation.RotateAsync(Store, Text(first), Text(next), _folder.Path, TimeProvider.System, CancellationToken.None));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }
}
