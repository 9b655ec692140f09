using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kd.Tests;

/// <summary>A DNS server (RFC 1035) that knows names as the one of a cluster knows headless services: all their addresses, which may change.</summary>
internal sealed class NameServer : IDisposable
{
    private const int HeaderLength = 12,
        HostAddress = 1;
    private const ushort Response = 0x8580,
        NoSuchName = 3;
    private readonly UdpClient _socket;
    private readonly ConcurrentDictionary<string, IReadOnlyList<IPAddress>> _names = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="address">Address to listen on, port 53.</param>
    public NameServer(IPAddress address)
    {
        _socket = new UdpClient(new IPEndPoint(address, 53));
        _ = ServeAsync();
    }

    /// <summary>Sets the addresses of a name.</summary>
    public void Set(string name, IEnumerable<IPAddress> addresses) => _names[name] = [.. addresses];

    public void Dispose() => _socket.Dispose();

    private async Task ServeAsync()
    {
        while (true)
        {
            try
            {
                var query = await _socket.ReceiveAsync();
                await _socket.SendAsync(Answer(query.Buffer), query.RemoteEndPoint);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The one who asked is gone.
            }
        }
    }

    // The header's fields: id, flags, number of questions, of answers, and of two kinds of records that are not sent.
    private byte[] Answer(byte[] query)
    {
        var end = HeaderLength + Array.IndexOf(query[HeaderLength..], (byte)0) + 1;
        var isKnown = _names.TryGetValue(NameIn(query), out var known);
        var addresses = isKnown && BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(end)) == HostAddress ? known! : [];
        var header = new byte[HeaderLength];
        query.AsSpan(0, 2).CopyTo(header);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), isKnown ? Response : (ushort)(Response | NoSuchName));
        header[5] = 1;
        header[7] = (byte)addresses.Count;
        // Each answer: pointer to the name, type, class IN, 0 s to live, 4 bytes.
        return
        [
            .. header,
            .. query[HeaderLength..(end + 4)],
            .. addresses.SelectMany(address => (byte[])[0xC0, HeaderLength, 0, HostAddress, 0, 1, 0, 0, 0, 0, 0, 4, .. address.GetAddressBytes()]),
        ];
    }

    // Labels, each after its length.
    private static string NameIn(byte[] query)
    {
        var labels = new List<string>();
        for (var at = HeaderLength; query[at] > 0; at += 1 + query[at])
            labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        return string.Join('.', labels);
    }
}
