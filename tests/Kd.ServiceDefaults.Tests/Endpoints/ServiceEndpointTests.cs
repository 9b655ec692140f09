using System.Net;
using System.Net.NetworkInformation;
using Kd.Tests;

namespace Kd.ServiceDefaults.Tests.Endpoints;

public sealed class ServiceEndpointTests
{
    [Fact]
    public async Task Start_HealthAndGrpcPorts_SpeakTheirOwnProtocol()
    {
        await using var service = await RunningService.StartAsync(Build);
        using var client = new HttpClient();

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(service.Http, "/health"), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(service.Http, "/alive"), TestContext.Current.CancellationToken)).StatusCode);
        // The gRPC port speaks TLS only.
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(service.Grpc, "/health"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_LocalhostUrl_BindsLoopbackOnly()
    {
        var port = RunningService.FreePort();
        await using var app = Build([$"--urls=http://localhost:{port}", $"--Service:Key={RunningService.Key}"]);
        await app.StartAsync(TestContext.Current.CancellationToken);

        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => listener.Port == port).ToList();

        Assert.NotEmpty(listeners);
        Assert.All(listeners, listener => Assert.True(IPAddress.IsLoopback(listener.Address), $"bound to {listener}"));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    // A name would otherwise bind all addresses.
    [Fact]
    public async Task Start_UrlWithAName_SaysWhatIsExpected()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var app = Build([$"--urls=http://trainer.example:{RunningService.FreePort()}", $"--Service:Key={RunningService.Key}"]);
            await app.StartAsync(TestContext.Current.CancellationToken);
        });

        Assert.Contains("'trainer.example' is a name", ServiceDefaults.Settings.ServiceProgram.FindUserError(error));
    }

    private static Microsoft.AspNetCore.Builder.WebApplication Build(string[] args) =>
        ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults().Build().MapServiceDefaults();
}
