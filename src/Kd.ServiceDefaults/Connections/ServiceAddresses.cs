using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ServiceDiscovery;

namespace Kd.ServiceDefaults.Connections;

/// <summary>The addresses of one service as a setting names them; those from DNS and from a file may change while the program runs.</summary>
/// <remarks>
/// grpc-dotnet's DnsResolverFactory queries at most every 15 s, whatever its refresh interval, and one channel of its balancers has one connection for each
/// address; so names are resolved here, with the resolver of the operating system.
/// </remarks>
internal sealed class ServiceAddresses
{
    private const string Expected =
        "Expected http://HOST:PORT, dns:///NAME:PORT for all addresses of a name, file:///PATH of a list of addresses (several separated by ';'), "
        + "or a discovery name such as http://_grpc.teacher.";
    private readonly ServiceEndpointResolver _discovery;
    private readonly ILogger _logger;
    private readonly Uri[] _parts;
    private readonly Dictionary<Uri, IReadOnlyList<Uri>> _known = [];
    private readonly Dictionary<Uri, string> _problems = [];

    /// <param name="text">The setting.</param>
    /// <param name="discovery">Resolves discovery names.</param>
    /// <param name="logger">Receives warnings of names and files that cannot be read.</param>
    /// <exception cref="ArgumentException">There is no address, or one is in none of the forms.</exception>
    public ServiceAddresses(string text, ServiceEndpointResolver discovery, ILogger logger)
    {
        (Text, _discovery, _logger) = (text, discovery, logger);
        _parts = [.. Split(text, ';').Select(part => Parse(part, "http", "https", "dns", "file")).Distinct()];
        if (_parts.Length == 0)
            throw new ArgumentException($"No address of the service is configured. {Expected}");
    }

    /// <summary>The setting.</summary>
    public string Text { get; }

    /// <summary>Why addresses from DNS or a file are missing; empty if none are.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Gets the present addresses. A name or file that cannot be read keeps the addresses that it had.</summary>
    /// <returns>Distinct addresses http://HOST:PORT; none if there were never any.</returns>
    public async Task<IReadOnlyList<Uri>> ResolveAsync(CancellationToken cancellation)
    {
        foreach (var part in _parts)
        {
            try
            {
                if (part.Scheme is "dns" or "file" || !_known.ContainsKey(part))
                    _known[part] = await ResolveAsync(part, cancellation);
                _problems.Remove(part);
            }
            catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException or FormatException)
            {
                var problem = $"{part} gives no address: {error.Message}";
                if (_problems.GetValueOrDefault(part) != problem)
                    _logger.NoAddress(problem);
                _problems[part] = problem;
            }
        }

        Problem = string.Join(' ', _problems.Values);
        return [.. _known.Values.SelectMany(addresses => addresses).Distinct()];
    }

    private async Task<IReadOnlyList<Uri>> ResolveAsync(Uri part, CancellationToken cancellation) =>
        part.Scheme switch
        {
            "dns" => await QueryAsync(part, cancellation),
            "file" => await ReadAsync(part, cancellation),
            _ when IsDiscoveryName(part) => await DiscoverAsync(part, cancellation),
            _ => [part],
        };

    private static async Task<IReadOnlyList<Uri>> QueryAsync(Uri part, CancellationToken cancellation)
    {
        var name = new Uri(NameOf(part));
        var addresses = await Dns.GetHostAddressesAsync(name.Host, cancellation);
        // Servers rotate their answers.
        return [.. addresses.Select(address => new Uri($"http://{new IPEndPoint(address, name.Port)}")).OrderBy(uri => uri.Authority, StringComparer.Ordinal)];
    }

    private static async Task<IReadOnlyList<Uri>> ReadAsync(Uri part, CancellationToken cancellation)
    {
        try
        {
            var lines = Split(await File.ReadAllTextAsync(part.LocalPath, cancellation), '\n', ';').ToList();
            return lines.Count > 0 ? [.. lines.Select(line => Parse(line, "http", "https"))] : throw new FormatException("it is empty.");
        }
        catch (ArgumentException error)
        {
            throw new FormatException(error.Message, error);
        }
    }

    private async Task<IReadOnlyList<Uri>> DiscoverAsync(Uri part, CancellationToken cancellation)
    {
        var source = await _discovery.GetEndpointsAsync(part.OriginalString, cancellation);
        return [.. source.Endpoints.Select(endpoint => ToUri(endpoint.EndPoint, part))];
    }

    private static bool IsDiscoveryName(Uri uri) =>
        (uri.Host.StartsWith('_') || !uri.Host.Contains('.')) && uri.HostNameType == UriHostNameType.Dns && uri.Host != "localhost" && uri.IsDefaultPort;

    private static Uri ToUri(EndPoint endpoint, Uri asked) =>
        endpoint switch
        {
            UriEndPoint named => named.Uri,
            IPEndPoint ip => new Uri($"{asked.Scheme}://{ip}"),
            DnsEndPoint dns => new Uri($"{asked.Scheme}://{dns.Host}:{(dns.Port == 0 ? asked.Port : dns.Port)}"),
            _ => throw new ArgumentException($"'{asked}' resolved to {endpoint}, which is not a network address."),
        };

    private static IEnumerable<string> Split(string text, params char[] separators) =>
        text.Split(separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Uri Parse(string text, params string[] schemes)
    {
        var isAddress = Uri.TryCreate(text, UriKind.Absolute, out var uri) && schemes.Contains(uri.Scheme);
        if (isAddress && uri!.Scheme == "dns")
            isAddress = uri.Host.Length == 0 && Uri.TryCreate(NameOf(uri), UriKind.Absolute, out var name) && name.Host.Length > 0 && name.Port > 0;
        return isAddress ? uri! : throw new ArgumentException($"'{text}' is not an address of a service. {Expected}");
    }

    // dns:///NAME:PORT has the name in its path, as in gRPC's name syntax.
    private static string NameOf(Uri part) => $"dns://{part.AbsolutePath.TrimStart('/')}";
}
