using System.Net;
using Garnet;
using Garnet.server;
using Grpc.Net.Client;
using Kd.ServiceDefaults.Security;
using Kd.TeacherService.Hosting;
using Kd.TeacherService.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Benchmarks;

/// <summary>Runs a teacher service on real loopback sockets, with an embedded Garnet server as its cache.</summary>
internal sealed class BenchTeacher : IAsyncDisposable
{
    public const string Key = "a-key-that-only-benchmarks-use";
    private static readonly int s_httpPort = Ports.Take(),
        s_grpcPort = Ports.Take(),
        s_cachePort = Ports.Take();
    private readonly WebApplication _app;
    private readonly GarnetServer _cache;

    private BenchTeacher(WebApplication app, GarnetServer cache) => (_app, _cache) = (app, cache);

    public static string Address => $"http://127.0.0.1:{s_grpcPort}";

    public static string Cache => $"127.0.0.1:{s_cachePort}";

    public TeacherModel Model => _app.Services.GetRequiredService<TeacherHost>().Model!;

    public static async Task<BenchTeacher> StartAsync(params string[] settings)
    {
        var cache = new GarnetServer(
            new GarnetServerOptions
            {
                EndPoints = [new IPEndPoint(IPAddress.Loopback, s_cachePort)],
                LogMemorySize = "256m",
                IndexMemorySize = "16m",
                QuietMode = true,
            }
        );
        cache.Start();
        var app = TeacherExtensions.BuildTeacherService([
            $"--urls=http://127.0.0.1:{s_httpPort};http://127.0.0.1:{s_grpcPort}",
            $"--Endpoints:GrpcPort={s_grpcPort}",
            $"--Service:Key={Key}",
            $"--ConnectionStrings:cache={Cache}",
            "--Logging:Console:LogLevel:Default=Warning",
            .. settings,
        ]);
        await app.StartAsync();
        return new BenchTeacher(app, cache);
    }

    public static GrpcChannel Open() =>
        GrpcChannel.ForAddress(
            Address.Replace("http:", "https:", StringComparison.Ordinal),
            new GrpcChannelOptions
            {
                HttpHandler = new SocketsHttpHandler { SslOptions = new ServiceCertificate(Key).CreateClientOptions() },
                MaxReceiveMessageSize = 64 << 20,
                MaxSendMessageSize = 64 << 20,
            }
        );

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _cache.Dispose();
    }
}
