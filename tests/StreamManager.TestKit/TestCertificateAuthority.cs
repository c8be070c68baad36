using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace StreamManager.TestKit;

/// <summary>A certificate with its key, as PEM text.</summary>
/// <param name="CertificatePem">The certificate alone.</param>
/// <param name="KeyPem">Its private key, PKCS #8.</param>
public sealed record TestCertificate(string CertificatePem, string KeyPem)
{
    /// <summary>As an object with its private key, for <see cref="System.Net.Security.SslStream"/>. The caller disposes it.</summary>
    public X509Certificate2 ToX509()
    {
        using var certificate = X509Certificate2.CreateFromPem(CertificatePem, KeyPem);
        // By way of PKCS #12: a server's SslStream wants a key that is not ephemeral on some platforms.
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }

    /// <summary>Writes both into a directory as <c>NAME.crt</c> and <c>NAME.key</c> and returns their paths.</summary>
    public (string Certificate, string Key) WriteTo(TemporaryDirectory directory, string name)
    {
        var paths = (Certificate: directory.File(name + ".crt"), Key: directory.File(name + ".key"));
        File.WriteAllText(paths.Certificate, CertificatePem);
        File.WriteAllText(paths.Key, KeyPem);
        return paths;
    }
}

/// <summary>A certificate authority that lives as long as a test and that nobody else trusts.</summary>
public sealed class TestCertificateAuthority : IDisposable
{
    private const int SerialLength = 12;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TimeProvider _time;

    /// <summary>Makes the authority's key and certificate.</summary>
    public TestCertificateAuthority(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        var request = new CertificateRequest("CN=Throw-away test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        Certificate = request.CreateSelfSigned(_time.GetUtcNow().AddYears(-1), _time.GetUtcNow().AddYears(1));
    }

    /// <summary>The authority's own certificate: what a client must trust.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same as PEM text.</summary>
    public string CertificatePem => Certificate.ExportCertificatePem();

    /// <summary>A server certificate for the given DNS names and addresses (none given: localhost, 127.0.0.1 and ::1), valid for a day.</summary>
    public TestCertificate IssueServer(params string[] names) => Issue(names, _time.GetUtcNow().AddHours(-1), _time.GetUtcNow().AddDays(1));

    /// <summary>A server certificate whose time was over yesterday.</summary>
    public TestCertificate IssueExpiredServer(params string[] names) => Issue(names, _time.GetUtcNow().AddDays(-30), _time.GetUtcNow().AddDays(-1));

    /// <inheritdoc/>
    public void Dispose()
    {
        Certificate.Dispose();
        _key.Dispose();
    }

    private TestCertificate Issue(string[] names, DateTimeOffset from, DateTimeOffset to)
    {
        if (names.Length == 0)
            names = ["localhost", "127.0.0.1", "::1"];
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                alternatives.AddIpAddress(address);
            else
                alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1", "Server authentication")], false));
        using var certificate = request.Create(Certificate, from, to, RandomNumberGenerator.GetBytes(SerialLength));
        return new TestCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
