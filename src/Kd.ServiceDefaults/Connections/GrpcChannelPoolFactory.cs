using Grpc.Net.Client;
using Kd.ServiceDefaults.Security;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Opens pools of gRPC connections to services that are named by address, by DNS, by a list in a file or by discovery name.</summary>
public sealed class GrpcChannelPoolFactory(
    ServiceEndpointResolver resolver,
    ServiceCertificate certificate,
    TimeProvider time,
    ILogger<GrpcChannelPoolFactory> logger
)
{
    /// <summary>Opens a pool, which follows the addresses until it is disposed of.</summary>
    /// <param name="address">
    /// http://HOST:PORT, dns:///NAME:PORT or file:///PATH, several separated by ';'; or a discovery name such as <c>http://_grpc.teacher</c>. Calls are
    /// always encrypted.
    /// </param>
    /// <param name="connections">Minimum number of connections; each address gets at least one.</param>
    /// <param name="largestMessage">Largest message, bytes.</param>
    /// <param name="cancellation">Cancels the name resolution.</param>
    /// <exception cref="ArgumentException">There is no address, or one is in none of the forms.</exception>
    public async Task<GrpcChannelPool> OpenAsync(string address, int connections, int largestMessage, CancellationToken cancellation)
    {
        var addresses = new ServiceAddresses(address, resolver, logger);
        var first = await addresses.ResolveAsync(cancellation);
        return new GrpcChannelPool(addresses, connections, uri => Open(uri, largestMessage), time, logger).Follow(first);
    }

    private GrpcChannel Open(Uri address, int largestMessage) =>
        GrpcChannel.ForAddress(
            new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    SslOptions = certificate.CreateClientOptions(),
                    ConnectTimeout = TimeSpan.FromSeconds(5),
                    PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                    // A host that was cut off is noticed after the sum of both.
                    KeepAlivePingDelay = TimeSpan.FromSeconds(5),
                    KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
                },
                DisposeHttpClient = true,
                MaxReceiveMessageSize = largestMessage,
                MaxSendMessageSize = largestMessage,
                InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
                MaxReconnectBackoff = TimeSpan.FromSeconds(5),
            }
        );
}
