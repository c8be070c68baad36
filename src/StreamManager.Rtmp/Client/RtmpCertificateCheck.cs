using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StreamManager.Rtmp.Client;

/// <summary>Decides about a server's certificate and says in words what is wrong with it. The name is always checked, also for a private authority.</summary>
internal sealed class RtmpCertificateCheck(RtmpPublishOptions options)
{
    // RFC 5280 section 4.2.1.12: id-kp-serverAuth.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Null when the certificate was taken.</summary>
    public string? Problem { get; private set; }

    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (options.AllowUntrustedCertificate || errors == SslPolicyErrors.None)
            return true;
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return Refuse("The server showed no certificate.");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return Refuse("The server's certificate is for another name.");
        if (options.ExtraTrustedRoots is { Count: > 0 } roots && chain is not null)
            return ValidateAgainst(roots, new X509Certificate2(certificate), chain);
        return Refuse(Words(chain));
    }

    private bool ValidateAgainst(X509Certificate2Collection roots, X509Certificate2 leaf, X509Chain presented)
    {
        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.CustomTrustStore.AddRange(roots);
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        own.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        using (leaf)
            return own.Build(leaf) || Refuse(Words(own));
    }

    private static string Words(X509Chain? chain)
    {
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return "The server's certificate has expired or is not valid yet.";
        if ((status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != X509ChainStatusFlags.NoError)
            return "The server's certificate is not signed by a known authority.";
        if (status.HasFlag(X509ChainStatusFlags.Revoked))
            return "The server's certificate was revoked.";
        return "The server's certificate is not valid for this use.";
    }

    private bool Refuse(string problem)
    {
        Problem = problem;
        return false;
    }
}
