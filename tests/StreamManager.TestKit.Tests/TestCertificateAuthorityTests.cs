using System.Security.Cryptography.X509Certificates;
using Xunit;

namespace StreamManager.TestKit.Tests;

public sealed class TestCertificateAuthorityTests
{
    [Fact]
    public void IssuedCertificate_AgainstItsAuthority_IsTrustedForItsNamesOnly()
    {
        using var authority = new TestCertificateAuthority();
        using var certificate = authority.IssueServer("ingest.example", "127.0.0.1").ToX509();

        Assert.True(Build(certificate, authority));
        Assert.True(certificate.HasPrivateKey);
        Assert.True(certificate.MatchesHostname("ingest.example"));
        Assert.True(certificate.MatchesHostname("127.0.0.1"));
        Assert.False(certificate.MatchesHostname("localhost"));
    }

    [Fact]
    public void IssuedCertificate_ExpiredOrOfAnotherAuthority_IsNotTrusted()
    {
        using var authority = new TestCertificateAuthority();
        using var other = new TestCertificateAuthority();
        using var expired = authority.IssueExpiredServer().ToX509();
        using var foreign = other.IssueServer().ToX509();

        Assert.False(Build(expired, authority));
        Assert.False(Build(foreign, authority));
    }

    private static bool Build(X509Certificate2 certificate, TestCertificateAuthority authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
