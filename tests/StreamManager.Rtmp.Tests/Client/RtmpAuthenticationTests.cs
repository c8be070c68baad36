using StreamManager.Rtmp.Client;

namespace StreamManager.Rtmp.Tests.Client;

public sealed class RtmpAuthenticationTests
{
    [Theory]
    [InlineData("b3BhcXVl", "EYPpAtHlwaQLUsSs9ZFKJQ==")]
    [InlineData("", "Xbiu48wBQwsml/UImA6mFA==")]
    public void AdobeResponse_KnownVector_Matches(string opaque, string expected) =>
        Assert.Equal(expected, RtmpAuthentication.AdobeResponse("bob", "hunter2", "c2FsdA==", "Y2hhbA==", opaque, "0a1b2c3d"));

    [Theory]
    [InlineData("live")]
    [InlineData("live?backup=1")]
    [InlineData("live/_definst_")]
    public void LimelightResponse_KnownVector_Matches(string app) =>
        Assert.Equal("f7de333d2e13033daefd009938a00ab1", RtmpAuthentication.LimelightResponse("bob", "hunter2", app, "abc", "0a1b2c3d"));

    [Fact]
    public void Find_FirstRefusal_HasSchemeAndNoReason()
    {
        var challenge = RtmpAuthenticationChallenge.Find("[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ");
        Assert.NotNull(challenge);
        Assert.Equal((RtmpAuthenticationScheme.Adobe, ""), (challenge.Scheme, challenge.Reason));
    }

    [Fact]
    public void Find_Challenge_KeepsEqualSignsOfBase64()
    {
        var challenge = RtmpAuthenticationChallenge.Find(
            "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=bob&salt=c2FsdA==&challenge=Y2hhbA==&opaque=b3BhcXVl");
        Assert.NotNull(challenge);
        Assert.Equal("needauth", challenge.Reason);
        Assert.Equal(("c2FsdA==", "Y2hhbA==", "b3BhcXVl"), (challenge["salt"], challenge["challenge"], challenge["opaque"]));
        Assert.Equal(
            "authmod=adobe&user=bob&challenge=0a1b2c3d&response=EYPpAtHlwaQLUsSs9ZFKJQ==&opaque=b3BhcXVl",
            RtmpAuthentication.ProofQuery(challenge, "bob", "hunter2", "live", "0a1b2c3d"));
    }

    [Fact]
    public void ProofQuery_Limelight_CarriesNonceAndCount()
    {
        var challenge = RtmpAuthenticationChallenge.Find("[ AccessManager.Reject ] : [ authmod=llnw ] : ?reason=needauth&user=bob&nonce=abc");
        Assert.NotNull(challenge);
        Assert.Equal(
            "authmod=llnw&user=bob&nonce=abc&cnonce=0a1b2c3d&nc=00000001&response=f7de333d2e13033daefd009938a00ab1",
            RtmpAuthentication.ProofQuery(challenge, "bob", "hunter2", "live", "0a1b2c3d"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Connection failed.")]
    [InlineData("code=403 need auth; authmod=other")]
    public void Find_OtherWords_IsNoChallenge(string description) => Assert.Null(RtmpAuthenticationChallenge.Find(description));

    [Fact]
    public void Find_EndlessDescription_IsNoChallenge() => Assert.Null(RtmpAuthenticationChallenge.Find("authmod=adobe ?reason=needauth&" + new string('x', 100_000)));
}
