using System.Net.Http.Json;
using System.Security.Cryptography;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Control;

namespace Kd.Training.Tests.Studies;

/// <summary>Trainer and workers are processes: each has torch's global generator for itself.</summary>
[Collection(nameof(OneTrainer))]
public sealed class StudyWorkerTests
{
    private static readonly string[] s_arms = ["labels", "mixed", "kd", "kd-curriculum"];
    private static readonly string[] s_settings = [.. TrainerProcess.Small, "--Run:Study=methods", "--Training:Epochs=6"];

    // The study of one process is what two and three processes must give, to the bit, also if one of them is killed in a run and another one takes it over.
    [Fact]
    public async Task Execute_WorkersOfWhichOneIsKilled_GivesTheStudyOfOneProcess()
    {
        using var folder = TestFiles.CreateFolder();
        await using var services = await Services.StartAsync(folder);
        using (var alone = TrainerProcess.Start(folder.File("alone"), services.Settings(s_settings)))
            Assert.Equal(0, await alone.EndAsync());

        using var trainer = TrainerProcess.Start(folder.File("shared"), services.Settings(s_settings));
        using var worker = TrainerProcess.Start(folder.File("shared"), services.Settings([.. TrainerProcess.Small, "--Run:Task=work"]), "");
        using var killed = TrainerProcess.Start(folder.File("shared"), services.Settings([.. TrainerProcess.Small, "--Run:Task=work"]), "");
        var seen = await UntilAsync(trainer, workers => workers.Count == 2 && workers.All(one => one.Status.Step > 0));
        Assert.All(seen, one => Assert.Contains(one.Status.Folder, s_arms));
        var taken = (await killed.UntilAsync(status => status is { Phase: "running", Epoch: > 1 })).Folder!;
        killed.Kill();
        Assert.Equal(0, await trainer.EndAsync());

        var ran = await worker.Client.GetFromJsonAsync<string[]>("api/run/messages", TestContext.Current.CancellationToken);
        Assert.Contains(ran!, line => line.Contains("student with", StringComparison.Ordinal));
        Assert.True(File.Exists(Path.Combine(taken, RunFolder.ResultFile)));
        Assert.All(s_arms, arm => Assert.Equal(Hash(folder.File($"alone/run/{arm}")), Hash(folder.File($"shared/run/{arm}"))));
        Assert.Equal(Rows(folder.File("alone/run")), Rows(folder.File("shared/run")));
        await worker.UntilAsync(status => status.Phase == "waiting");
        Assert.Empty(Directory.GetFiles(folder.File("shared/run"), "worker-*"));
    }

    [Fact]
    public async Task Execute_PausedResumedAndStopped_WorkersFollow()
    {
        using var folder = TestFiles.CreateFolder();
        await using var services = await Services.StartAsync(folder);
        string[] settings = [.. TrainerProcess.Small, "--Run:Study=methods", "--Training:Epochs=40"];
        using var worker = TrainerProcess.Start(folder.Path, services.Settings([.. TrainerProcess.Small, "--Run:Task=work"]), "");
        using (var trainer = TrainerProcess.Start(folder.Path, services.Settings(settings)))
        {
            await UntilAsync(trainer, workers => workers is [{ Status.Step: > 0 }]);
            await trainer.PostAsync("pause");
            await worker.UntilAsync(status => status.Phase == "paused");
            await UntilAsync(trainer, workers => workers is [{ Status.Phase: "paused" }]);
            await trainer.PostAsync("resume");
            var resumed = await worker.UntilAsync(status => status.Phase == "running");
            await trainer.PostAsync("stop");
            Assert.Equal(0, await trainer.EndAsync());
            await worker.UntilAsync(status => status.Phase == "waiting");
            Assert.False(File.Exists(Path.Combine(resumed.Folder!, RunFolder.ResultFile)));
        }

        // The same command goes on, and so does the worker.
        using var again = TrainerProcess.Start(folder.Path, services.Settings(settings));
        await UntilAsync(again, workers => workers is [{ Status.Step: > 0 }]);
        await again.PostAsync("stop");
        Assert.Equal(0, await again.EndAsync());
    }

    // A trainer that is told to end takes its workers' runs with it, with a checkpoint of each.
    [Fact]
    public async Task Execute_TrainerEndsInTheMiddle_WorkersLeaveTheStudy()
    {
        using var folder = TestFiles.CreateFolder();
        await using var services = await Services.StartAsync(folder);
        using var worker = TrainerProcess.Start(folder.Path, services.Settings([.. TrainerProcess.Small, "--Run:Task=work"]), "");
        using var trainer = TrainerProcess.Start(
            folder.Path,
            // Epochs of 36 steps: at the end of one, in its validation, no checkpoint would be due.
            services.Settings([
                .. TrainerProcess.Small,
                "--Run:Study=methods",
                "--Training:Epochs=400",
                "--Training:BatchSize=4",
                "--Run:CheckpointEvery=00:10:00",
            ])
        );
        await UntilAsync(trainer, workers => workers is [{ Status.Step: > 0 }]);
        var run = (await worker.UntilAsync(status => status is { Phase: "running", Step: > 0 and < 10 })).Folder!;
        trainer.Interrupt();
        await trainer.EndAsync();
        await worker.UntilAsync(status => status.Phase == "waiting");
        Assert.True(File.Exists(Path.Combine(run, CheckpointStore.FileName)));
        Assert.False(File.Exists(Path.Combine(run, RunFolder.ResultFile)));
    }

    private static async Task<IReadOnlyList<WorkerStatus>> UntilAsync(TrainerProcess trainer, Func<IReadOnlyList<WorkerStatus>, bool> holds)
    {
        IReadOnlyList<WorkerStatus> workers = [];
        await trainer.UntilAsync(_ =>
        {
            workers = trainer.Client.GetFromJsonAsync<List<WorkerStatus>>("api/run/workers", TestContext.Current.CancellationToken).Result!;
            return holds(workers);
        });
        return workers;
    }

    private static string Hash(string folder) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "student.safetensors"))));

    private static IEnumerable<(string Method, int Correct, double? Divergence)> Rows(string folder) =>
        RunFolder
            .Open(folder)
            .ReadJson<List<RunResult>>(RunFolder.StudyFile)!
            .OrderBy(row => row.Method, StringComparer.Ordinal)
            .Select(row => (row.Method, row.Correct, row.Divergence));

    private sealed class Services(RedisServer redis, RunningService teacher, RunningService agent) : IAsyncDisposable
    {
        public static async Task<Services> StartAsync(TemporaryFolder folder)
        {
            var redis = RedisServer.Start("garnet");
            var teacher = await TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}", "--Teacher:Threads=1");
            return new Services(redis, teacher, await TrainerRuns.StartAgentAsync(folder.File("agent")));
        }

        public string[] Settings(string[] settings) => [.. settings, $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];

        public async ValueTask DisposeAsync()
        {
            await agent.DisposeAsync();
            await teacher.DisposeAsync();
            redis.Dispose();
        }
    }
}
