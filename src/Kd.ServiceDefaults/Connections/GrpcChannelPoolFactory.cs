using System.Net;
using Kd.ServiceDefaults.Security;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Opens pools of gRPC connections to services that are named by address or by discovery name.</summary>
public sealed class GrpcChannelPoolFactory(ServiceEndpointResolver resolver, ServiceCertificate certificate, TimeProvider time)
{
    /// <summary>Opens a pool.</summary>
    /// <param name="address">
    /// One or more of http://HOST:PORT, separated by ';'; or a discovery name such as <c>http://_grpc.teacher</c>. Calls are always encrypted.
    /// </param>
    /// <param name="connections">Minimum number of connections; each address gets at least one.</param>
    /// <param name="largestMessage">Largest message, bytes.</param>
    /// <param name="cancellation">Cancels the name resolution.</param>
    /// <exception cref="ArgumentException">There is no address, or one is not http://HOST:PORT.</exception>
    public async Task<GrpcChannelPool> OpenAsync(string address, int connections, int largestMessage, CancellationToken cancellation)
    {
        var addresses = new List<Uri>();
        foreach (var part in address.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                throw new ArgumentException(
                    $"'{part}' is not an address of a service. "
                        + "Expected http://HOST:PORT (several separated by ';') or a discovery name such as http://_grpc.teacher."
                );
            addresses.AddRange(await ResolveAsync(uri, cancellation));
        }

        if (addresses.Count == 0)
            throw new ArgumentException("No address of the service is configured.");
        return new GrpcChannelPool(addresses, connections, largestMessage, certificate, time);
    }

    private async Task<IEnumerable<Uri>> ResolveAsync(Uri uri, CancellationToken cancellation)
    {
        if (!uri.Host.StartsWith('_') && uri.Host.Contains('.') || uri.HostNameType != UriHostNameType.Dns || uri.Host == "localhost" || !uri.IsDefaultPort)
            return [uri];
        var source = await resolver.GetEndpointsAsync(uri.OriginalString, cancellation);
        return [.. source.Endpoints.Select(endpoint => ToUri(endpoint.EndPoint, uri))];
    }

    private static Uri ToUri(EndPoint endpoint, Uri asked) =>
        endpoint switch
        {
            UriEndPoint named => named.Uri,
            IPEndPoint ip => new Uri($"{asked.Scheme}://{ip}"),
            DnsEndPoint dns => new Uri($"{asked.Scheme}://{dns.Host}:{(dns.Port == 0 ? asked.Port : dns.Port)}"),
            _ => throw new ArgumentException($"'{asked}' resolved to {endpoint}, which is not a network address."),
        };
}
