using System.Net;
using Garnet;
using Garnet.server;
using Grpc.Core;
using Grpc.Net.Client;
using Kd.TeacherService.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Benchmarks;

/// <summary>A teacher service on real sockets of loopback, with an embedded Garnet server as its cache.</summary>
internal sealed class BenchService : IAsyncDisposable
{
    public const string Key = "a-key-that-only-benchmarks-use";
    private const int HttpPort = 18_210, GrpcPort = 18_211, CachePort = 18_212;
    private readonly WebApplication _app;
    private readonly GarnetServer _cache;

    private BenchService(WebApplication app, GarnetServer cache) => (_app, _cache) = (app, cache);

    public static string Address => $"http://127.0.0.1:{GrpcPort}";

    public static string Cache => $"127.0.0.1:{CachePort}";

    public TeacherModel Model => _app.Services.GetRequiredService<TeacherHost>().Model!;

    public static CallOptions Options => new(new Metadata { { "authorization", "Bearer " + Key } });

    public static async Task<BenchService> StartAsync(params string[] settings)
    {
        var cache = new GarnetServer(new GarnetServerOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, CachePort)], LogMemorySize = "256m", IndexMemorySize = "16m", QuietMode = true });
        cache.Start();
        var app = TeacherExtensions.BuildTeacherService(
            [$"--urls=http://127.0.0.1:{HttpPort};http://127.0.0.1:{GrpcPort}", $"--Endpoints:GrpcPort={GrpcPort}", $"--Service:Key={Key}", $"--ConnectionStrings:cache={Cache}", "--Logging:Console:LogLevel:Default=Warning", .. settings]);
        await app.StartAsync();
        return new BenchService(app, cache);
    }

    public static GrpcChannel Open() => GrpcChannel.ForAddress(Address, new GrpcChannelOptions { MaxReceiveMessageSize = 64 << 20, MaxSendMessageSize = 64 << 20 });

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _cache.Dispose();
    }
}
