using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Security;

/// <summary>
/// Certificate of the services of one system. Its private key is derived from the key that they share, so each service proves that it knows the key, and
/// nobody else can; the key itself is never sent. Calls are encrypted, so that no program in between reads or changes them.
/// </summary>
/// <remarks>
/// Both sides present it (mutual TLS) and compare public keys; names, issuers and dates do not matter. Anybody who connects sees the public key and may
/// guess keys that fit it: hence the slow derivation, and hence the advice to use a random key.
/// </remarks>
public sealed class ServiceCertificate : IDisposable
{
    private const int Iterations = 100_000,
        KeyLength = 32;
    private static readonly TimeSpan s_handshakeTimeout = TimeSpan.FromSeconds(10);
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly byte[] _publicKey;

    /// <summary>Derives the certificate from the settings of a service.</summary>
    public ServiceCertificate(IOptions<ServiceKeyOptions> options)
        : this(options.Value.Key) { }

    /// <summary>Derives the certificate.</summary>
    /// <param name="key">The services' key.</param>
    public ServiceCertificate(string key)
    {
        var secret = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(key), "kd services"u8, Iterations, HashAlgorithmName.SHA256, KeyLength);
        using var pair = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = secret });
        var request = new CertificateRequest("CN=Kd.Aspire service", pair, HashAlgorithmName.SHA256);
        using var signed = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(9999, 12, 31, 0, 0, 0, TimeSpan.Zero));
        // Windows needs a key that was imported.
        _certificate = X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pfx), null);
        // Shared by all connections, since each one has memory outside of .NET.
        _context = SslStreamCertificateContext.Create(_certificate, null, offline: true);
        _publicKey = _certificate.PublicKey.ExportSubjectPublicKeyInfo();
    }

    /// <summary>Creates the options of a client, which accepts only services with the same key.</summary>
    public SslClientAuthenticationOptions CreateClientOptions() =>
        new() { ClientCertificateContext = _context, RemoteCertificateValidationCallback = (_, certificate, _, _) => Matches(certificate) };

    /// <inheritdoc />
    public void Dispose() => _certificate.Dispose();

    /// <summary>Sets the options of a server, which accepts only clients with the same key, before it reads any request.</summary>
    internal void Configure(HttpsConnectionAdapterOptions options)
    {
        options.ServerCertificate = _certificate;
        options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        options.ClientCertificateValidation = (certificate, _, _) => Matches(certificate);
        options.HandshakeTimeout = s_handshakeTimeout;
    }

    // Public keys are no secret, so the comparison may take any time.
    private bool Matches(X509Certificate? other) =>
        other is X509Certificate2 certificate && certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(_publicKey);
}
