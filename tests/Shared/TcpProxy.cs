#if KD_SERVICES
using System.Net;
using System.Net.Sockets;

namespace Kd.Tests;

/// <summary>A TCP proxy that picks a target for each connection, as the one in front of Aspire's replicas does; it can also delay and cut.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, int> _choose;
    private readonly int[] _targets;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<TcpClient> _open = [];
    private int _connections;

    /// <param name="targets">Ports on loopback.</param>
    /// <param name="choose">From the number of the connection to the index of its target; by turns where it is null.</param>
    public TcpProxy(int[] targets, Func<int, int>? choose = null)
    {
        (_targets, _choose) = (targets, choose ?? (connection => connection % targets.Length));
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Waits before each piece that goes to the target.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Closes all connections and, until it is false again, every new one.</summary>
    public bool IsCut { get; private set; }

    public void Cut()
    {
        IsCut = true;
        lock (_open)
        {
            _open.ForEach(client => client.Close());
            _open.Clear();
        }
    }

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
            // The other side sees its end closed.
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
