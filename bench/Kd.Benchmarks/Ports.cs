using System.Net;
using System.Net.Sockets;

namespace Kd.Benchmarks;

/// <summary>Finds free loopback ports. They are below the ports of outgoing connections, and each process has its own range.</summary>
internal static class Ports
{
    private const int First = 20_000,
        PerProcess = 200,
        Processes = 60;
    private static readonly int s_end = First + PerProcess * (Environment.ProcessId % Processes + 1);
    private static int s_next = s_end - PerProcess;

    /// <summary>Takes the next free port. Not thread-safe.</summary>
    /// <exception cref="InvalidOperationException">All ports of this process are used.</exception>
    public static int Take()
    {
        while (s_next < s_end)
        {
            var port = s_next++;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // The port is in use; try the next one.
            }
        }

        throw new InvalidOperationException($"No port from {s_end - PerProcess} to {s_end - 1} is left.");
    }
}
