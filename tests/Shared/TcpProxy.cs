#if KD_SERVICES
using System.Net;
using System.Net.Sockets;

namespace Kd.Tests;

/// <summary>
/// A TCP proxy that chooses a target for each connection, like the one in front of Aspire's replicas. It can also delay requests and cut connections.
/// </summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, int> _choose;
    private readonly int[] _targets;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpClient> _open = [];
    private int _connections;

    /// <summary>Starts the proxy.</summary>
    /// <param name="targets">Target ports on loopback.</param>
    /// <param name="choose">Chooses the index of the target by the number of the connection; null: the targets take turns.</param>
    public TcpProxy(int[] targets, Func<int, int>? choose = null)
    {
        (_targets, _choose) = (targets, choose ?? (connection => connection % targets.Length));
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Delay before each block of data that is sent to the target.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Whether connections are cut.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Closes all connections, and every new one until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        IsCut = true;
        lock (_open)
        {
            _open.ForEach(client => client.Close());
            _open.Clear();
        }
    }

    /// <summary>Accepts new connections again.</summary>
    public void Mend() => IsCut = false;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        Cut();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                if (IsCut)
                    client.Close();
                else
                    _ = ServeAsync(client, _targets[_choose(_connections++)]);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client, int target)
    {
        try
        {
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, target, _stop.Token);
            lock (_open)
                _open.AddRange([client, server]);
            await Task.WhenAny(
                CopyAsync(client.GetStream(), server.GetStream(), isRequest: true),
                CopyAsync(server.GetStream(), client.GetStream(), isRequest: false)
            );
        }
        catch (Exception error)
            when (error is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // A broken connection is closed on both sides.
        }
        finally
        {
            client.Close();
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, bool isRequest)
    {
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await from.ReadAsync(buffer, _stop.Token)) > 0)
        {
            if (isRequest && Delay > TimeSpan.Zero)
                await Task.Delay(Delay, _stop.Token);
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }
}
#endif
