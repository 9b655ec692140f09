using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kd.Faults;

/// <summary>A DNS server (RFC 1035) that knows one name, as the one of a cluster knows a headless service: all its addresses, which may change.</summary>
internal sealed class NameServer : IDisposable
{
    private const int HeaderLength = 12,
        HostAddress = 1;
    private const ushort Response = 0x8580,
        NoSuchName = 3;
    private readonly UdpClient _socket;
    private readonly byte[] _name;

    /// <param name="address">Address to listen on, port 53.</param>
    /// <param name="name">The name, one label.</param>
    public NameServer(IPAddress address, string name)
    {
        _socket = new UdpClient(new IPEndPoint(address, 53));
        _name = [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), 0];
        _ = ServeAsync();
    }

    /// <summary>The addresses of the name.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; set; } = [];

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
        var isKnown = query[HeaderLength..end].AsSpan().SequenceEqual(_name);
        var addresses = isKnown && BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(end)) == HostAddress ? Addresses : [];
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
}
