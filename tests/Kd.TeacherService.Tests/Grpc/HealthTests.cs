using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Hosting;
using Kd.Tests;

namespace Kd.TeacherService.Tests.Grpc;

/// <summary>gRPC health, as the probes of Kubernetes ask for it: without TLS and without the key.</summary>
public sealed class HealthTests
{
    private static readonly string[] s_settings = ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Dataset:Path=demo"];

    [Theory]
    [InlineData("")]
    [InlineData("live")]
    public async Task Check_OnTheProbePort_IsServingWithoutTheKey(string service)
    {
        var port = RunningService.FreePort();
        await using var teacher = await StartAsync(port);
        using var probe = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");

        var reply = await new Health.HealthClient(probe).CheckAsync(new HealthCheckRequest { Service = service });

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, reply.Status);
    }

    [Fact]
    public async Task Call_OfTheTeacherOnTheProbePort_IsNotImplementedThere()
    {
        var port = RunningService.FreePort();
        await using var teacher = await StartAsync(port);
        // A client chooses the host that it names, but not the port that its connection ends at.
        using var probe = GrpcChannel.ForAddress($"http://127.0.0.1:{port}", new GrpcChannelOptions { HttpHandler = new NamesHost(teacher.Grpc.Authority) });
        using var http = new HttpClient { DefaultRequestVersion = new Version(2, 0), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Teacher.TeacherClient(probe).DescribeAsync(new DescribeRequest()));

        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        foreach (var path in new[] { "health", "metrics", "scale" })
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/{path}"), TestContext.Current.CancellationToken);
            Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Fact]
    public async Task Check_OnTheGrpcPort_NeedsTheKey()
    {
        await using var teacher = await RunningService.StartAsync(TeacherExtensions.BuildTeacherService, s_settings);
        using var proven = teacher.Open();
        using var plain = GrpcChannel.ForAddress(teacher.Grpc);

        var reply = await new Health.HealthClient(proven).CheckAsync(new HealthCheckRequest());

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, reply.Status);
        await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(plain).CheckAsync(new HealthCheckRequest()));
    }

    private static Task<RunningService> StartAsync(int probePort) =>
        RunningService.StartAsync(TeacherExtensions.BuildTeacherService, [.. s_settings, $"--Endpoints:ProbePort={probePort}"]);

    private sealed class NamesHost(string host) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Host = host;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
