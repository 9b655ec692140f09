using Google.Protobuf;
using Grpc.Core;
using Grpc.Health.V1;
using Kd.Protocol.Teacher.V1;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Hosting;
using Kd.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.TeacherService.Tests.Grpc;

/// <summary>What a teacher does with its calls when it is told to stop. tests/Kd.Faults does the same with processes and SIGTERM.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Stop_DuringACall_FinishesItRefusesOthersAndIsNotReady()
    {
        using var end = new ManualResetEventSlim(initialState: true);
        await using var service = await StartAsync(end);
        end.Reset();
        using var channel = service.Open();
        var client = new Teacher.TeacherClient(channel);
        var accepted = client.LabelAsync(Request()).ResponseAsync;
        await UntilAPassRunsAsync(service);

        var stop = service.StopAsync();

        var health = await new Health.HealthClient(channel).CheckAsync(new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, health.Status);
        using var http = new HttpClient();
        using var ready = await http.GetAsync(new Uri(service.Http, "/health"), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.LabelAsync(Request()));
        Assert.Equal((StatusCode.Unavailable, "The service is stopping; try another replica."), (refused.StatusCode, refused.Status.Detail));
        end.Set();
        Assert.Equal(2 * 24, (await accepted).Logits.Length);
        await stop;
    }

    [Fact]
    public async Task Stop_PassLongerThanTheShutdownTimeout_BreaksTheCallOffAndEnds()
    {
        using var end = new ManualResetEventSlim(initialState: true);
        await using var service = await StartAsync(end, "--shutdownTimeoutSeconds=1");
        end.Reset();
        using var channel = service.Open();
        var accepted = new Teacher.TeacherClient(channel).LabelAsync(Request()).ResponseAsync;
        await UntilAPassRunsAsync(service);

        // It would throw what a hosted service has thrown, and the process would end as if it had crashed.
        await service.StopAsync();

        await Assert.ThrowsAsync<RpcException>(() => accepted);
        end.Set();
    }

    // The event is set meanwhile: the self-check runs a pass, too.
    private static Task<RunningService> StartAsync(ManualResetEventSlim end, params string[] settings) =>
        RunningService.StartAsync(
            args => TeacherExtensions.BuildTeacherService(args, TimedNetwork.Loader(end)),
            ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Batching:MaxBatch=1", .. settings]
        );

    private static async Task UntilAPassRunsAsync(RunningService service)
    {
        var runner = service.Services.GetRequiredService<PassRunner>();
        while (runner.PassTime == TimeSpan.Zero)
            await Task.Delay(5, TestContext.Current.CancellationToken);
    }

    private static LabelRequest Request() =>
        new()
        {
            ViewIds = ByteString.CopyFrom(new byte[16]),
            Pixels = ByteString.CopyFrom(new byte[3 * 32 * 32]),
            Height = 32,
            Width = 32,
        };
}
