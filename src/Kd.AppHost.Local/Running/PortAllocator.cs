using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Aspire.Hosting.Running;

/// <summary>Finds free ports on loopback.</summary>
/// <remarks>
/// Not by binding port 0: that gives a port of the range that outgoing connections take theirs from, and one of them may have it
/// before the service that it was meant for has started. Linux takes those from 32768 up, macOS and Windows from 49152 up.
/// </remarks>
internal static class PortAllocator
{
    private const int First = 20_000;
    private const int End = 32_000;
    private static readonly HashSet<int> s_taken = [];

    /// <summary>Different free ports, none of which was given out before.</summary>
    public static int[] Take(int count)
    {
        lock (s_taken)
        {
            var ports = new int[count];
            for (var i = 0; i < count; i++)
                ports[i] = TakeOne();
            return ports;
        }
    }

    private static int TakeOne()
    {
        for (var attempt = 0; attempt < End - First; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, End);
            if (!s_taken.Contains(port) && IsFree(port))
            {
                s_taken.Add(port);
                return port;
            }
        }

        throw new InvalidOperationException($"No free port was found between {First} and {End}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
