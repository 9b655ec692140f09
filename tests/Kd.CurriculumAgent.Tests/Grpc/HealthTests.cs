using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Net.Client;
using Kd.CurriculumAgent.Hosting;
using Kd.Protocol.Curriculum.V1;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Grpc;

public sealed class HealthTests
{
    [Fact]
    public async Task ProbePort_WithoutTheKey_ServesHealthAlone()
    {
        using var folder = TestFiles.CreateFolder();
        var port = RunningService.FreePort();
        await using var agent = await RunningService.StartAsync(
            CurriculumExtensions.BuildCurriculumAgent,
            $"--Agent:StateFolder={folder.Path}",
            $"--Endpoints:ProbePort={port}"
        );
        using var probe = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");

        var ready = await new Health.HealthClient(probe).CheckAsync(new HealthCheckRequest());
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Curriculum.CurriculumClient(probe).StartRunAsync(new StartRunRequest()));

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, ready.Status);
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
    }
}
