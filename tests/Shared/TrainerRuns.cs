#if KD_TRAINER
extern alias agent;
extern alias teacher;
using System.Diagnostics;
using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Hosting;
using Kd.Training.Control;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Tests;

/// <summary>Trainers draw from torch's global generator: nothing else may run beside them in the same process.</summary>
[CollectionDefinition(nameof(OneTrainer), DisableParallelization = true)]
public sealed class OneTrainer;

/// <summary>Runs the trainer in this process, against real services on real sockets.</summary>
internal static class TrainerRuns
{
    /// <summary>A run of seconds: 24 classes with 6 samples each, a tiny student.</summary>
    private static readonly string[] s_small =
    [
        "--Dataset:DemoTrainPerClass=6",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=2",
        // Decisions that matter, in a short run.
        "--Curriculum:Preset=reference",
        "--Distillation:Recipe=reference",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=3",
        "--Training:BatchSize=32",
    ];

    public static Task<RunningService> StartTeacherAsync(params string[] settings) =>
        RunningService.StartAsync(
            teacher::Kd.TeacherService.Hosting.TeacherExtensions.BuildTeacherService,
            ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", .. settings]
        );

    /// <summary>Starts a teacher whose logit of class c is c + 1 times the mean of the normalized picture, for views whose passes would take long.</summary>
    public static Task<RunningService> StartFastTeacherAsync(params string[] settings) => StartMeanTeacherAsync(TimeSpan.Zero, settings);

    /// <summary>Starts a teacher of the same kind whose passes take a fixed time.</summary>
    public static Task<RunningService> StartMeanTeacherAsync(TimeSpan pass, params string[] settings) =>
        RunningService.StartAsync(
            args =>
                teacher::Kd.TeacherService.Hosting.TeacherExtensions.BuildTeacherService(
                    args,
                    (_, classes) =>
                    {
                        var network = new MeanNetwork(classes, pass);
                        return new teacher::Kd.TeacherService.Model.TorchNetwork(network, network, classes, null, [1], isScript: true);
                    }
                ),
            ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", .. settings]
        );

    public static Task<RunningService> StartAgentAsync(string folder) =>
        RunningService.StartAsync(agent::Kd.CurriculumAgent.Hosting.CurriculumExtensions.BuildCurriculumAgent, $"--Agent:StateFolder={folder}");

    /// <summary>Starts the trainer as a process of its own.</summary>
    public static Process StartProcess(string folder, string id, params string[] settings)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", "Kd.StudentTrainer", "bin", output.Parent!.Name, output.Name, "Kd.StudentTrainer.dll");
        return Process.Start(
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                [
                    program,
                    $"--urls=http://127.0.0.1:{RunningService.FreePort()}",
                    $"--Endpoints:GrpcPort={RunningService.FreePort()}",
                    $"--Service:Key={RunningService.Key}",
                    $"--Run:Folder={folder}",
                    $"--Run:Id={id}",
                    .. settings,
                ]
            )
        )!;
    }

    /// <summary>A trainer that is not started yet.</summary>
    public static WebApplication Build(string folder, string id, params string[] settings) =>
        TrainerExtensions.BuildStudentTrainer([
            $"--urls=http://127.0.0.1:{RunningService.FreePort()}",
            $"--Endpoints:GrpcPort={RunningService.FreePort()}",
            $"--Service:Key={RunningService.Key}",
            $"--Run:Folder={folder}",
            .. id.Length > 0 ? [$"--Run:Id={id}"] : Array.Empty<string>(),
            .. s_small,
            .. settings,
        ]);

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string folder, string id, params string[] settings) =>
        (await RunAsync(folder, id, CancellationToken.None, settings)).ExitCode;

    /// <returns>The exit code, and what the user saw.</returns>
    public static async Task<(int ExitCode, string Output)> RunAsync(string folder, string id, CancellationToken stop, params string[] settings)
    {
        await using var app = Build(folder, id, settings);
        await app.StartAsync();
        await app.WaitForShutdownAsync(stop);
        return (app.Services.GetRequiredService<RunOutcome>().ExitCode, string.Join('\n', app.Services.GetRequiredService<RunMonitor>().Lines));
    }

    /// <summary>Runs it until a status, then asks it to end.</summary>
    /// <param name="folder">Folder of runs.</param>
    /// <param name="id">Name of the run.</param>
    /// <param name="isReached">Whether the status is reached.</param>
    /// <param name="settings">Settings of the run.</param>
    /// <param name="before">Done between the two; null: nothing.</param>
    public static async Task StopAtAsync(string folder, string id, Func<RunStatus, bool> isReached, string[] settings, Func<RunMonitor, Task>? before = null)
    {
        await using var app = Build(folder, id, settings);
        await app.StartAsync();
        var monitor = app.Services.GetRequiredService<RunMonitor>();
        while (!(monitor.Status.Phase == "running" && isReached(monitor.Status)))
            await Task.Delay(1);
        if (before is not null)
            await before(monitor);
        await app.StopAsync();
    }

    private sealed class MeanNetwork(int classes, TimeSpan pass) : Module<Tensor, Tensor>(nameof(MeanNetwork))
    {
        // arange in a pass would read its bounds after the garbage collector has freed them (HeldScalars).
        private readonly Tensor _factors = tensor([.. Enumerable.Range(1, classes).Select(factor => (float)factor)]).DetachFromDisposeScope(); // [C]

        public override Tensor forward(Tensor input)
        {
            CancellationToken.None.WaitHandle.WaitOne(pass);
            using var scope = NewDisposeScope();
            return input.mean([1, 2, 3]).unsqueeze(1).mul(_factors).MoveToOuterDisposeScope(); // [N, C]
        }
    }
}
#endif
