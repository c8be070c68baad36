using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Tests.Storage;

namespace StreamManager.Server.Tests.Security.Accounts;

public sealed class CredentialCacheTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cache_OfEndlessTokens_StaysBounded()
    {
        await using var accounts = await StoredAccounts.OpenAsync(new SqliteSource());
        var documents = new AccountDocuments(accounts.Store).Tokens;
        using var cache = new CredentialCache<TokenRecord>(accounts.Store, documents, accounts.Time);
        var record = new TokenRecord("tok_1", "script", Permissions.View, null, accounts.Time.GetUtcNow(), "test", null, null);
        foreach (var batch in Enumerable.Range(0, CredentialCache<TokenRecord>.MostEntries + 200).Chunk(100))
            await accounts.Store.WriteAsync([.. batch.Select(i => documents.Put($"id{i}", record))], Cancel);
        for (var i = 0; i < CredentialCache<TokenRecord>.MostEntries + 200; i++)
            Assert.NotNull(await cache.FindAsync($"id{i}", Cancel));
        Assert.Equal(CredentialCache<TokenRecord>.MostEntries, cache.Count);
    }
}
