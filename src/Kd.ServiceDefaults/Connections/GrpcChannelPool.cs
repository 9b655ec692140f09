using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Net.Client;
using Kd.ServiceDefaults.Security;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Holds several connections to one service, over all its addresses, and spreads calls evenly over its replicas.</summary>
/// <remarks>
/// HTTP/2 puts all calls of a channel on one connection, and a proxy in front of replicas chooses a replica per connection, so only several
/// channels reach several replicas. Each channel has its own handler and therefore its own connection.
/// </remarks>
public sealed class GrpcChannelPool : IDisposable
{
    private readonly GrpcChannel[] _channels;
    private readonly CallInvoker[] _invokers;
    private readonly ReplicaBalance _balance;

    internal GrpcChannelPool(IReadOnlyList<Uri> addresses, int connections, int largestMessage, ServiceCertificate certificate, TimeProvider time)
    {
        Addresses = addresses;
        _channels =
        [
            .. Enumerable.Range(0, Math.Max(connections, addresses.Count)).Select(i => Open(addresses[i % addresses.Count], largestMessage, certificate)),
        ];
        _balance = new ReplicaBalance(_channels.Length, time);
        _invokers = [.. _channels.Select((channel, index) => channel.Intercept(new ReplicaClientInterceptor(_balance, index)))];
    }

    /// <summary>The service's addresses.</summary>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>Number of connections.</summary>
    public int Count => _channels.Length;

    /// <summary>Returns the connection for the next call; safe on any thread.</summary>
    /// <param name="kind">Kind of the call; each kind is spread over the replicas independently.</param>
    /// <param name="cost">Work of the call, relative to other calls of this kind.</param>
    public CallInvoker Next(string kind = "", long cost = 1) => _invokers[_balance.Next(kind, cost)];

    /// <summary>Closes all connections.</summary>
    public void Dispose() => Array.ForEach(_channels, channel => channel.Dispose());

    private static GrpcChannel Open(Uri address, int largestMessage, ServiceCertificate certificate) =>
        GrpcChannel.ForAddress(
            new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler
                {
                    SslOptions = certificate.CreateClientOptions(),
                    ConnectTimeout = TimeSpan.FromSeconds(5),
                    PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                    KeepAlivePingDelay = TimeSpan.FromSeconds(20),
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
