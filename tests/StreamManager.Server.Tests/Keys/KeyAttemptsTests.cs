using StreamManager.Server.Keys;
using StreamManager.TestKit;

namespace StreamManager.Server.Tests.Keys;

public sealed class KeyAttemptsTests
{
    private const string Guesser = "203.0.113.7";

    private readonly ManualTimeProvider _time = new();
    private readonly KeyAttempts _attempts;

    public KeyAttemptsTests() => _attempts = new KeyAttempts(_time);

    [Fact]
    public void Ban_ComesWithTheLastFailureAndEndsByItself()
    {
        Fail(Guesser, KeyAttempts.MostFailures - 1);
        Assert.False(_attempts.IsBanned(Guesser));
        Assert.True(_attempts.RecordFailure(Guesser));
        Assert.True(_attempts.IsBanned(Guesser));
        Assert.False(_attempts.IsBanned("203.0.113.8"));
        _time.Advance(KeyAttempts.BanLength - TimeSpan.FromTicks(1));
        Assert.True(_attempts.IsBanned(Guesser));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(_attempts.IsBanned(Guesser));
        Assert.False(_attempts.RecordFailure(Guesser));
    }

    [Fact]
    public void Ban_IsNotMadeLongerByTryingOn()
    {
        Fail(Guesser, KeyAttempts.MostFailures);
        _time.Advance(KeyAttempts.BanLength / 2);
        Fail(Guesser, 100);
        _time.Advance(KeyAttempts.BanLength / 2);
        Assert.False(_attempts.IsBanned(Guesser));
    }

    [Fact]
    public void Failures_SpreadOverTime_AreNoReason()
    {
        for (var i = 0; i < 10; i++)
        {
            Fail(Guesser, KeyAttempts.MostFailures - 1);
            _time.Advance(KeyAttempts.Window);
        }

        Assert.False(_attempts.IsBanned(Guesser));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("203.0.113.7", "::ffff:203.0.113.7", true)]
    public void Ban_IsForACustomer(string one, string other, bool isBanned)
    {
        Fail(one, KeyAttempts.MostFailures);
        Assert.Equal(isBanned, _attempts.IsBanned(other));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void ThisMachine_IsNeverBanned(string address)
    {
        Fail(address, 10 * KeyAttempts.MostFailures);
        Assert.False(_attempts.IsBanned(address));
        Assert.Equal(0, _attempts.Count);
    }

    [Fact]
    public void Table_OfManyAddresses_StaysBounded()
    {
        for (var i = 0; i < KeyAttempts.MostAddresses + 100; i++)
            _attempts.RecordFailure($"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}");
        Assert.Equal(KeyAttempts.MostAddresses, _attempts.Count);
        _time.Advance(KeyAttempts.Window);
        _attempts.RecordFailure(Guesser);
        Assert.Equal(1, _attempts.Count);
    }

    private void Fail(string address, int times)
    {
        for (var i = 0; i < times; i++)
            _attempts.RecordFailure(address);
    }
}
