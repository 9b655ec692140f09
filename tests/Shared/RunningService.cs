#if KD_SERVICES
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Tests;

/// <summary>A service in this process, on real sockets of loopback.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    public const string Key = "a-key-that-only-tests-use";

    private static readonly HashSet<int> s_given = [];
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
        Assert.Equal(2, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Count);
        return new RunningService(app, new Uri($"http://127.0.0.1:{http}"), new Uri($"http://127.0.0.1:{grpc}"));
    }

    /// <summary>A channel without the key.</summary>
    public GrpcChannel Open() => GrpcChannel.ForAddress(Grpc, new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20, MaxSendMessageSize = 64 << 20 });

    /// <summary>Call options with the key, or with another one.</summary>
    public static CallOptions WithKey(string key = Key) => new(new Metadata { { "authorization", "Bearer " + key } }, DateTime.MaxValue);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    // Below the range that outgoing connections take their ports from, so that none of them has it before the service. Each process draws from a range of
    // its own and never twice, since a port that is free now may be given to another test before it is bound.
    public static int FreePort()
    {
        while (true)
        {
            var port = 10_000 + 250 * (Environment.ProcessId % 40) + System.Security.Cryptography.RandomNumberGenerator.GetInt32(250);
            lock (s_given)
            {
                if (!s_given.Add(port))
                {
                    if (s_given.Count >= 240)
                        s_given.Clear();
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
                // Taken: draw another.
            }
        }
    }
}
#endif
