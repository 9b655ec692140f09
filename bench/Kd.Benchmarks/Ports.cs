using System.Net;
using System.Net.Sockets;

namespace Kd.Benchmarks;

/// <summary>Ports of loopback that nothing listens on. They lie below those of outgoing connections, and each process looks from a place of its own.</summary>
internal static class Ports
{
    private const int First = 20_000,
        PerProcess = 100,
        Processes = 100;
    private static readonly int s_end = First + PerProcess * (Environment.ProcessId % Processes + 1);
    private static int s_next = s_end - PerProcess;

    /// <summary>The next port; safe on one thread only.</summary>
    /// <exception cref="InvalidOperationException">All ports of this process have been given.</exception>
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
                // Somebody has it.
            }
        }

        throw new InvalidOperationException($"No port from {s_end - PerProcess} to {s_end - 1} is left.");
    }
}
