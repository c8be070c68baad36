using Microsoft.AspNetCore.Identity;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Tests.Security.Accounts;

public sealed class PasswordTests
{
    [Theory]
    [InlineData("correct horse")]
    [InlineData("пароль-из-слов")]
    [InlineData("0 1 2 3 4 5")]
    [InlineData("anna lives in the green house")]
    public void Password_ThatIsLongAndNotObvious_IsTaken(string password) => Assert.Null(PasswordRules.Check(password, "anna"));

    [Theory]
    [InlineData("", "10 characters")]
    [InlineData("ninechars", "10 characters")]
    [InlineData("😀😀😀😀😀😀😀😀a", "10 characters")]
    [InlineData("aaaaaaaaaaaaaaaa", "again and again")]
    [InlineData("abababababab", "again and again")]
    [InlineData("Password123", "tried first")]
    [InlineData("1234567890", "tried first")]
    [InlineData("StreamManager", "tried first")]
    [InlineData("annaanna1234", "the name", "annaanna")]
    [InlineData("Margarethe", "the name", "margarethe")]
    [InlineData("ehteragraM", "the name", "Margarethe")]
    [InlineData("margarethe!1", "the name", "Margarethe")]
    public void Password_ThatIsShortOrObvious_IsRefused(string password, string reason, string name = "anna") =>
        Assert.Contains(reason, PasswordRules.Check(password, name), StringComparison.Ordinal);

    [Fact]
    public void Password_OfTheGreatestLength_IsTakenAndOneMoreIsNot()
    {
        var longest = string.Concat(Enumerable.Range(0, 26).Select(i => $"{i:00000000}--"))[..PasswordRules.Longest];
        Assert.Null(PasswordRules.Check(longest, "anna"));
        Assert.Contains("256", PasswordRules.Check(longest + "x", "anna"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna", true)]
    [InlineData("Anna Müller", true)]
    [InlineData("安娜", true)]
    [InlineData("o'brien@example.org", true)]
    [InlineData("", false)]
    [InlineData(" anna", false)]
    [InlineData("anna ", false)]
    [InlineData("an\nna", false)]
    [InlineData("an\u0000na", false)]
    [InlineData("an\u202ena", false)]
    [InlineData("an\u200dna", false)]
    [InlineData("an\u00a0na", false)]
    [InlineData("Mu\u0308ller", false)]
    [InlineData("\u212angstrom", false)]
    public void Name_IsVisibleAndComposed(string name, bool isGood) => Assert.Equal(isGood, AccountNames.IsName(name));

    [Fact]
    public void Name_OfTheGreatestLength_IsTakenAndOneMoreIsNot()
    {
        Assert.True(AccountNames.IsName(new string('a', AccountNames.LongestName)));
        Assert.False(AccountNames.IsName(new string('a', AccountNames.LongestName + 1)));
        Assert.Equal(AccountNames.Key("MÜLLER"), AccountNames.Key("Müller"));
    }

    [Fact]
    public async Task Hash_IsCheckedAndOldOnesAreToldApart()
    {
        using var passwords = new PasswordHashing();
        var cancel = TestContext.Current.CancellationToken;
        var hash = await passwords.HashAsync("correct horse battery", cancel);
        Assert.DoesNotContain("horse", hash, StringComparison.Ordinal);
        Assert.Equal(new PasswordCheck(PasswordVerificationResult.Success), await passwords.CheckAsync(hash!, "correct horse battery", false, cancel));
        Assert.False((await passwords.CheckAsync(hash!, "Correct horse battery", false, cancel))!.IsRight);

        var weaker = new PasswordHasher<object>(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 1_000 })).HashPassword(new object(), "correct horse battery");
        Assert.True((await passwords.CheckAsync(weaker, "correct horse battery", true, cancel))!.NeedsRehash);
    }

    /// <summary>Not a time but the work: the same function, as often, on salts and keys of the same size.</summary>
    [Fact]
    public async Task HashOfNobody_IsLikeARealOneAndNobodyHasIt()
    {
        using var passwords = new PasswordHashing();
        var cancel = TestContext.Current.CancellationToken;
        var real = Convert.FromBase64String((await passwords.HashAsync("correct horse battery", cancel))!);
        var nobody = Convert.FromBase64String(PasswordHashing.HashOfNobody);
        Assert.Equal(real.Length, nobody.Length);
        Assert.Equal(real[..13], nobody[..13]);
        Assert.False((await passwords.CheckAsync(PasswordHashing.HashOfNobody, "", false, cancel))!.IsRight);
    }

    [Fact]
    public async Task Checks_BeyondWhatMayWait_AreTurnedAwayAndKnownOnesHaveALaneOfTheirOwn()
    {
        using var passwords = new PasswordHashing();
        var cancel = TestContext.Current.CancellationToken;
        var flood = Enumerable.Range(0, 100).Select(_ => passwords.CheckAsync(PasswordHashing.HashOfNobody, "x", isKnown: false, cancel)).ToArray();
        Assert.NotNull(await passwords.CheckAsync(PasswordHashing.HashOfNobody, "x", isKnown: true, cancel));
        var results = await Task.WhenAll(flood);
        Assert.InRange(results.Count(result => result is not null), PasswordHashing.MostAtOnce, 99);
        Assert.True(results.Take(PasswordHashing.MostAtOnce + PasswordHashing.MostWaiting).All(result => result is not null));
        Assert.NotNull(await passwords.CheckAsync(PasswordHashing.HashOfNobody, "x", isKnown: false, cancel));
    }
}
