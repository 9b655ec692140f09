#if KD_SERVICES
using Grpc.Net.Client;
using Kd.ServiceDefaults.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Tests;

/// <summary>Runs a service in this process, on real loopback sockets.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    public const string Key = "a-key-that-only-tests-use";

    private static readonly ServiceCertificate s_certificate = new(Key);
    private static readonly HashSet<int> s_usedPorts = [];
    private readonly WebApplication _app;

    private RunningService(WebApplication app, Uri http, Uri grpc) => (_app, Http, Grpc) = (app, http, grpc);

    public Uri Http { get; }

    public Uri Grpc { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<RunningService> StartAsync(Func<string[], WebApplication> build, params string[] settings)
    {
        var (http, grpc) = (FreePort(), FreePort());
        var app = build([$"--urls=http://127.0.0.1:{http};http://127.0.0.1:{grpc}", $"--Endpoints:GrpcPort={grpc}", $"--Service:Key={Key}", .. settings]);
        await app.StartAsync();
        var addresses = settings.Any(setting => setting.StartsWith("--Endpoints:ProbePort", StringComparison.Ordinal)) ? 3 : 2;
        Assert.Equal(addresses, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Count);
        return new RunningService(app, new Uri($"http://127.0.0.1:{http}"), new Uri($"http://127.0.0.1:{grpc}"));
    }

    /// <summary>Stops it, as SIGTERM does.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <summary>Opens a channel that proves the key.</summary>
    public GrpcChannel Open() => Open(Grpc);

    /// <summary>Opens a channel that proves the key, to any address.</summary>
    public static GrpcChannel Open(Uri address) =>
        GrpcChannel.ForAddress(
            new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler { SslOptions = s_certificate.CreateClientOptions() },
                DisposeHttpClient = true,
                MaxReceiveMessageSize = 64 << 20,
                MaxSendMessageSize = 64 << 20,
            }
        );

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>Gets a port that no program listens on.</summary>
    /// <remarks>
    /// It is below the ports of outgoing connections, so that none of them takes it before the service does. Each process has its own range and draws no
    /// port twice, since a free port could be given to another test before it is bound.
    /// </remarks>
    public static int FreePort()
    {
        while (true)
        {
            var port = 10_000 + 250 * (Environment.ProcessId % 40) + System.Security.Cryptography.RandomNumberGenerator.GetInt32(250);
            lock (s_usedPorts)
            {
                if (!s_usedPorts.Add(port))
                {
                    if (s_usedPorts.Count >= 240)
                        s_usedPorts.Clear();
                    continue;
                }
            }

            try
            {
                using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The port is in use; draw another one.
            }
        }
    }
}
#endif
