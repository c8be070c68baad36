using StreamManager.Server.Security.Accounts;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Security.Accounts;

/// <summary>Who has to wait before the next password is looked at, and who has not.</summary>
public sealed class LoginThrottleTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly LoginThrottle _throttle;

    public LoginThrottleTests() => _throttle = new LoginThrottle(_time);

    [Fact]
    public void Pair_AfterTheFreeTries_WaitsLongerEachTimeUpToALimit()
    {
        for (var i = 0; i < LoginThrottle.FreePerPair; i++)
            Assert.Equal(TimeSpan.Zero, Try("anna", "192.0.2.1"));
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60, 60 })
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), Try("anna", "192.0.2.1"));
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(TimeSpan.FromMilliseconds(1), Try("anna", "192.0.2.1"));
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal(TimeSpan.Zero, Try("anna", "192.0.2.1"));
        }
    }

    [Fact]
    public void Pair_WhileItWaits_HoldsUpNobodyElse()
    {
        Fail("anna", "192.0.2.1", LoginThrottle.FreePerPair);
        Assert.NotEqual(TimeSpan.Zero, Try("ANNA", "192.0.2.1"));
        Assert.Equal(TimeSpan.Zero, Try("anna", "192.0.2.2"));
        Assert.Equal(TimeSpan.Zero, Try("bert", "192.0.2.1"));
    }

    [Fact]
    public void Pair_AfterASuccess_HasItsFreeTriesAgain()
    {
        Fail("anna", "192.0.2.1", LoginThrottle.FreePerPair - 1);
        var login = Of("anna", "192.0.2.1");
        Assert.Equal(TimeSpan.Zero, _throttle.Begin(login));
        _throttle.Succeeded(login);
        Fail("anna", "192.0.2.1", LoginThrottle.FreePerPair);
        Assert.NotEqual(TimeSpan.Zero, Try("anna", "192.0.2.1"));
    }

    [Fact]
    public void Try_ThatWasNotLookedAt_IsNotCounted()
    {
        for (var i = 0; i < 100; i++)
        {
            var login = Of("anna", "192.0.2.1");
            Assert.Equal(TimeSpan.Zero, _throttle.Begin(login));
            _throttle.TakeBack(login);
        }
    }

    [Fact]
    public void Tries_AllAtOnce_AreNotAllTheFirst()
    {
        var admitted = 0;
        Parallel.For(0, 200, _ =>
        {
            if (Try("anna", "192.0.2.1") == TimeSpan.Zero)
                Interlocked.Increment(ref admitted);
        });
        Assert.Equal(LoginThrottle.FreePerPair, admitted);
    }

    [Fact]
    public void Address_TryingOneAfterTheOtherName_HasToWait()
    {
        for (var i = 0; i < LoginThrottle.FreePerAddress; i++)
            Assert.Equal(TimeSpan.Zero, Try($"user{i}", "192.0.2.1"));
        Assert.Equal(TimeSpan.FromSeconds(1), Try("another", "192.0.2.1"));
        Assert.Equal(TimeSpan.Zero, Try("another", "192.0.2.2"));
    }

    [Fact]
    public void Account_TriedFromEverywhere_WaitsForStrangersAndNotForItsOwnAddress()
    {
        for (var i = 0; i < LoginThrottle.FreePerAccount; i++)
            Assert.Equal(TimeSpan.Zero, Try("owner", $"198.51.{i}.1"));
        Assert.NotEqual(TimeSpan.Zero, Try("owner", "203.0.113.9"));
        Assert.Equal(TimeSpan.Zero, Try("owner", "192.0.2.7", "192.0.2.7"));
        Assert.Equal(TimeSpan.Zero, Try("other", "203.0.113.9"));

        // However long it goes on, nobody waits for more than a minute.
        for (var i = 0; i < 1_000; i++)
        {
            var wait = Try("owner", $"198.18.{i % 250}.{i / 250}");
            Assert.InRange(wait, TimeSpan.Zero, LoginThrottle.LongestWait);
            _time.Advance(wait);
        }

        _time.Advance(LoginThrottle.LongestWait);
        Assert.Equal(TimeSpan.Zero, Try("owner", "203.0.113.9"));
    }

    [Fact]
    public void KnownAddress_WithItsOwnMistakes_WaitsForThemOnly()
    {
        Fail("owner", "192.0.2.7", LoginThrottle.FreePerPair, "192.0.2.7");
        Assert.Equal(TimeSpan.FromSeconds(1), Try("owner", "192.0.2.7", "192.0.2.7"));
        Assert.Equal(TimeSpan.Zero, Try("bert", "192.0.2.7"));
    }

    [Fact]
    public void Addresses_OfOneIpv6Network_AreOne()
    {
        Fail("anna", "2001:db8:1:2::1", LoginThrottle.FreePerPair);
        Assert.NotEqual(TimeSpan.Zero, Try("anna", "2001:db8:1:2:ffff::9"));
        Assert.Equal(TimeSpan.Zero, Try("anna", "2001:db8:1:3::1"));
    }

    [Fact]
    public void Table_OfEndlessKeys_StaysBoundedAndForgets()
    {
        var table = new FailureTable(_time, 1, TimeSpan.FromMinutes(1));
        for (var i = 0; i < FailureTable.MostKeys + 100; i++)
            table.Add($"key{i}");
        Assert.Equal(FailureTable.MostKeys, table.Count);
        Assert.Equal(TimeSpan.Zero, table.WaitOf("key0"));
        Assert.Equal(TimeSpan.FromSeconds(1), table.WaitOf($"key{FailureTable.MostKeys + 99}"));
        _time.Advance(FailureTable.Memory);
        table.Add("new");
        Assert.Equal(1, table.Count);
    }

    private static LoginTry Of(string name, string address, params string[] known) => new(name, address, known);

    private TimeSpan Try(string name, string address, params string[] known) => _throttle.Begin(Of(name, address, known));

    private void Fail(string name, string address, int times, params string[] known)
    {
        for (var i = 0; i < times; i++)
            Assert.Equal(TimeSpan.Zero, Try(name, address, known));
    }
}
