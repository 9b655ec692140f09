using System.Net.Http.Json;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Kd.Protocol.Teacher.V1;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>Terminates teachers (SIGTERM), as Kubernetes does with replicas that are no longer needed.</summary>
[Collection(nameof(OneSystem))]
public sealed class DrainFaults(Reference reference)
{
    private const int Side = 160;

    [Fact]
    public Task Terminate_OneTeacherAfterTheOther_GivesTheSameWeights() =>
        reference.AssertSameAsync(async system =>
        {
            await system.WaitForStepsAsync();
            foreach (var name in new[] { "teacher1", "teacher2" })
            {
                Assert.False(system.HasEnded, "the run was over too early");
                var teacher = system.Processes[name];
                await teacher.WaitUntilHealthyAsync();
                teacher.Signal("TERM");
                await teacher.WaitForExitAsync();
                Assert.True(teacher.Process!.ExitCode == 0, $"{name} ended with code {teacher.Process.ExitCode}:\n{teacher.Output}");
                system.StartAgain(name);
                await teacher.WaitUntilHealthyAsync();
            }
        });

    [Fact]
    public async Task Terminate_DuringACall_FinishesItAndEndsWithCode0()
    {
        var port = RunningService.FreePort();
        // Passes of one large view, so that the call takes seconds.
        using var teacher = new ServiceProcess(
            "Kd.TeacherService",
            port,
            ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Teacher:Threads=1", "--Batching:MaxBatch=1"]
        );
        teacher.Start();
        await teacher.WaitUntilHealthyAsync();
        using var channel = RunningService.Open(new Uri($"http://127.0.0.1:{port}"));
        var client = new Teacher.TeacherClient(channel);
        var accepted = client.LabelAsync(Request(12)).ResponseAsync;
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{teacher.HttpPort}") };
        while ((await http.GetFromJsonAsync<JsonElement>("scale", TestContext.Current.CancellationToken)).GetProperty("pendingViews").GetDouble() == 0)
            Assert.False(accepted.IsCompleted, "the call was over too early");

        teacher.Signal("TERM");

        RpcException? refused = null;
        while (refused is null && !accepted.IsCompleted)
        {
            try
            {
                await client.DescribeAsync(new DescribeRequest());
            }
            catch (RpcException error)
            {
                refused = error;
            }
        }

        Assert.Equal(StatusCode.Unavailable, refused?.StatusCode);
        Assert.Equal(12, (await accepted).Logits.Length / 2 / 24);
        await teacher.WaitForExitAsync();
        Assert.True(teacher.Process!.ExitCode == 0, $"it ended with code {teacher.Process.ExitCode}:\n{teacher.Output}");
    }

    private static LabelRequest Request(int views)
    {
        var ids = new byte[views * 16];
        for (var i = 0; i < views; i++)
            ids[i * 16] = (byte)(i + 1);
        return new()
        {
            ViewIds = ByteString.CopyFrom(ids),
            Pixels = ByteString.CopyFrom(new byte[views * 3 * Side * Side]),
            Height = Side,
            Width = Side,
        };
    }
}
