using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Holds several connections to one service, over all its addresses, follows these addresses, and spreads calls over its replicas.</summary>
/// <remarks>
/// HTTP/2 puts all calls of a channel on one connection, and a proxy in front of replicas chooses a replica per connection, so only several
/// channels reach several replicas. Each channel has its own handler and therefore its own connection. Behind a single address, some connections are opened
/// anew from time to time, so that a replica that was started later gets one.
/// </remarks>
public sealed class GrpcChannelPool : IDisposable
{
    private const int RenewedShare = 8;
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);
    private readonly ServiceAddresses _addresses;
    private readonly int _connections;
    private readonly Func<Uri, GrpcChannel> _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ReplicaBalance _balance;
    private readonly ConcurrentDictionary<ReplicaConnection, (Uri Address, GrpcChannel Channel)> _channels = new();
    private readonly List<ReplicaConnection> _present = [];
    private readonly CancellationTokenSource _closed = new();
    private readonly Lock _gate = new();
    private int _opened;

    internal GrpcChannelPool(ServiceAddresses addresses, int connections, Func<Uri, GrpcChannel> open, TimeProvider time, ILogger logger)
    {
        (_addresses, _connections, _open, _time, _logger) = (addresses, connections, open, time, logger);
        _balance = new ReplicaBalance(time);
    }

    /// <summary>Returns an invoker whose calls are balanced, each for itself; safe on any thread.</summary>
    /// <param name="kind">Kind of the calls; each kind is spread over the replicas independently.</param>
    /// <param name="cost">Work of a call, relative to other calls of this kind.</param>
    public CallInvoker Next(string kind = "", long cost = 1) => new BalancedInvoker(this, kind, cost);

    /// <summary>Closes all connections.</summary>
    public void Dispose()
    {
        lock (_gate)
            _closed.Cancel();
        foreach (var (_, channel) in _channels.Values)
            channel.Dispose();
    }

    /// <summary>Opens connections to the addresses, and follows their changes until the pool is disposed of.</summary>
    internal GrpcChannelPool Follow(IReadOnlyList<Uri> addresses)
    {
        Update(addresses);
        _ = FollowAsync();
        return this;
    }

    /// <summary>Starts a call.</summary>
    /// <exception cref="RpcException">There is no address; the status is Unavailable.</exception>
    internal (ReplicaCall Call, CallInvoker Invoker) Start(string kind, long cost) =>
        _balance.Start(kind, cost) is { } call
            ? (call, _channels[call.Connection].Channel.CreateCallInvoker())
            : throw new RpcException(new Status(StatusCode.Unavailable, _addresses.Problem));

    /// <summary>Ends a call; the last one of a connection that was removed closes it.</summary>
    internal void End(ReplicaCall call, Func<ReplicaBalance, bool> end)
    {
        if (end(_balance))
            Close(call.Connection);
    }

    private async Task FollowAsync()
    {
        using var timer = new PeriodicTimer(s_interval, _time);
        while (!_closed.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(_closed.Token);
                Update(await _addresses.ResolveAsync(_closed.Token));
                foreach (var (_, channel) in _channels.Values)
                    _ = ConnectAsync(channel);
            }
            catch (OperationCanceledException)
            {
                // The pool was disposed of.
            }
        }
    }

    private void Update(IReadOnlyList<Uri> addresses)
    {
        lock (_gate)
        {
            if (_closed.IsCancellationRequested || addresses.Count == 0)
                return;
            var before = _present.Select(AddressOf).Distinct().ToList();
            var missing = Enumerable.Range(0, Math.Max(_connections, addresses.Count)).Select(i => addresses[i % addresses.Count]).ToList();
            foreach (var connection in _present.Where(connection => !missing.Remove(AddressOf(connection))).ToList())
                Leave(connection);
            missing.ForEach(Open);
            var (added, removed) = (addresses.Except(before).Count(), before.Except(addresses).Count());
            if (before.Count > 0 && added + removed > 0)
                _logger.AddressesChanged(_addresses.Text, addresses.Count, added, removed);
            if (addresses.Count == 1)
                Renew(addresses[0]);
        }
    }

    // One address with several connections may be a proxy in front of several replicas.
    private void Renew(Uri address)
    {
        for (var i = 0; i < _connections; i += RenewedShare)
        {
            if (_balance.FindSurplus() is not { } surplus)
                return;
            Leave(surplus);
            Open(address);
        }
    }

    private void Open(Uri address)
    {
        var channel = _open(address);
        var connection = new ReplicaConnection(_opened++, () => channel.State == ConnectivityState.Ready);
        _channels[connection] = (address, channel);
        _present.Add(connection);
        _balance.Add(connection);
        _ = ConnectAsync(channel);
    }

    private Uri AddressOf(ReplicaConnection connection) => _channels[connection].Address;

    // The calls in progress end before it is closed.
    private void Leave(ReplicaConnection connection)
    {
        _present.Remove(connection);
        if (_balance.Remove(connection))
            Close(connection);
    }

    private void Close(ReplicaConnection connection)
    {
        if (_channels.TryRemove(connection, out var open))
            open.Channel.Dispose();
    }

    // A new connection is established before calls use it, and one that is lost is established again, so that no call waits for it.
    private async Task ConnectAsync(GrpcChannel channel)
    {
        if (channel.State is ConnectivityState.Ready or ConnectivityState.Shutdown)
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closed.Token);
        limit.CancelAfter(s_interval);
        try
        {
            await channel.ConnectAsync(limit.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or InvalidOperationException or RpcException)
        {
            // It is tried again later.
        }
    }
}
