using System.Diagnostics;
using Kd.ServiceDefaults.Settings;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kd.Training.Tests.Runs;

/// <summary>Trainers that are asked to end, as by SIGTERM, after the last step of an epoch or while they wait for the agent.</summary>
[Collection(nameof(OneTrainer))]
public sealed class StopTests
{
    private static readonly string[] s_settings = ["--Distillation:Method=kd-curriculum", "--Training:BatchSize=12", "--Run:CheckpointEvery=01:00:00"];

    // Sizes below 1, so that the statistics of batch normalization are measured at the end of an epoch.
    private static readonly string[] s_perEpoch =
    [
        "--Curriculum:Resolutions=0.5:0.6,0.75:0.9",
        "--Curriculum:EpochRatio=0.5",
        "--Curriculum:RefreshAfter=1",
        "--Training:Updates=14",
    ];

    [Theory]
    [InlineData(SpanNames.RefreshDifficulty)]
    [InlineData(SpanNames.Validate)]
    [InlineData(SpanNames.ReportEpoch)]
    public async Task Run_StoppedWhileItMeasuresAnEpoch_RepeatsNoStep(string phase)
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [.. s_settings, .. s_perEpoch, $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "quiet", settings));

        var stops = 0;
        while (await RunUntilAsync(phase, stops == 0 ? 1 : 2) is { } output)
        {
            stops++;
            if (stops > 1)
                Assert.Contains($"continues from its checkpoint at epoch {stops - 1}, step 6", output);
        }

        // Two epochs of six steps, and two steps of the third.
        Assert.Equal(3, stops);
        AssertSame(folder);

        // The first measurement of a process that goes on is the one that was stopped.
        async Task<string?> RunUntilAsync(string phase, int time)
        {
            await using var trainer = TrainerRuns.Build(folder.Path, "stopped", settings);
            var job = trainer.Services.GetServices<IHostedService>().Single(service => service.GetType().Name == "TrainerJob");
            using var listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == TrainingTelemetry.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                // As the host does where it is asked to end, but before this returns: the phase may take a millisecond.
                ActivityStarted = activity =>
                {
                    if (activity.OperationName == phase && --time == 0)
                        _ = job.StopAsync(CancellationToken.None);
                },
            };
            ActivitySource.AddActivityListener(listener);
            await trainer.StartAsync();
            await trainer.WaitForShutdownAsync();
            return trainer.Services.GetRequiredService<RunOutcome>().ExitCode == 0
                ? null
                : string.Join('\n', trainer.Services.GetRequiredService<RunMonitor>().Lines);
        }
    }

    [Fact]
    public async Task Run_StoppedWhileItWaitsForTheDecisionOfTheAgent_RepeatsNoStep()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var proxy = new TcpProxy([agent.Grpc.Port]);
        string[] settings =
        [
            .. s_settings,
            "--Curriculum:Policy=bandit",
            "--Curriculum:Every=5",
            "--Curriculum:Settle=1",
            "--Curriculum:Sizes=0.5,1",
            "--Curriculum:Probe=24",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address=http://127.0.0.1:{proxy.Port}",
        ];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "quiet", settings));

        await TrainerRuns.StopAtAsync(folder.Path, "stopped", status => status.Step > 5, settings, CutAndWaitAsync);
        proxy.Mend();
        var saved = new CheckpointStore(RunFolder.Open(folder.File("stopped"))).Load(Assert.Fail)!.Value.State;
        Assert.Equal((0, 5), (saved.Steps % 5, saved.Window.Updates));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "stopped", settings));
        AssertSame(folder);

        // It goes on for at most five steps, then it needs the agent.
        async Task CutAndWaitAsync(RunMonitor monitor)
        {
            proxy.Cut();
            RunStatus before;
            do
            {
                before = monitor.Status;
                await Task.Delay(1500, TestContext.Current.CancellationToken);
            } while ((before.Epoch, before.Step) != (monitor.Status.Epoch, monitor.Status.Step));
        }
    }

    private static void AssertSame(TemporaryFolder folder)
    {
        foreach (var file in new[] { "last.safetensors", "student.safetensors" })
            Assert.Equal(File.ReadAllBytes(folder.File($"quiet/{file}")), File.ReadAllBytes(folder.File($"stopped/{file}")));
    }
}
