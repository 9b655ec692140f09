using System.Net;
using Kd.ServiceDefaults.Security;
using Kd.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.ServiceDefaults.Endpoints;

/// <summary>Binds the service's addresses: HTTP/2 with mutual TLS on the gRPC port, HTTP/2 without TLS on the probe port, HTTP/1.1 on all others.</summary>
/// <remarks>
/// ASPNETCORE_URLS lists the addresses and <c>Endpoints:GrpcPort</c> says which of them serves gRPC; the AppHost sets both.
/// Without them the ports of appsettings.json are bound on loopback. <c>Endpoints:ProbePort</c>, unset by default, serves gRPC health alone, for probes
/// that can neither use TLS nor prove a key, such as those of Kubernetes.
/// </remarks>
internal static class ServiceEndpoints
{
    private const int MostConnections = 1000;

    public static void UseServiceEndpoints(this WebApplicationBuilder builder)
    {
        var grpcPort = builder.Configuration.GetValue<int?>(SharedNames.GrpcPort);
        var probePort = builder.Configuration.GetValue<int?>(SharedNames.ProbePort);
        var urls = (builder.Configuration["urls"] ?? builder.Configuration["Endpoints:Urls"] ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Parse)
            .ToList();
        foreach (var port in new[] { grpcPort, probePort }.OfType<int>().Except(urls.Select(url => url.Port)).ToList())
            urls.Add(("localhost", port));
        if (probePort is { } probed)
            builder.Services.AddSingleton<IStartupFilter>(new ProbePortFilter(probed));
        builder.WebHost.UseSetting(WebHostDefaults.ServerUrlsKey, "");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = MostConnections;
            foreach (var (host, urlPort) in urls)
                Listen(kestrel, host, urlPort, urlPort == grpcPort || urlPort == probePort ? HttpProtocols.Http2 : HttpProtocols.Http1, urlPort == grpcPort);
        });
    }

    private static (string Host, int Port) Parse(string url)
    {
        var address = BindingAddress.Parse(url);
        return address.Scheme == "http"
            ? (address.Host, address.Port)
            : throw new SettingsException(
                "urls",
                $"The address '{url}' cannot be bound: only http://HOST:PORT is supported here; put a proxy in front for TLS."
            );
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port, HttpProtocols protocols, bool provesKey)
    {
        void Use(ListenOptions listen)
        {
            listen.Protocols = protocols;
            if (provesKey)
                listen.UseHttps(kestrel.ApplicationServices.GetRequiredService<ServiceCertificate>().Configure);
        }

        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            kestrel.Listen(IPAddress.Loopback, port, Use);
        else if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
            kestrel.Listen(address, port, Use);
        else if (host is "*" or "+")
            kestrel.ListenAnyIP(port, Use);
        else
            throw new SettingsException(
                "urls",
                $"The address 'http://{host}:{port}' cannot be bound: '{host}' is a name. Expected localhost, an IP address, or * for all addresses."
            );
    }
}
