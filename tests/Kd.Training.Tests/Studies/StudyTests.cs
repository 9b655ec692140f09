using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Runs;
using Kd.Training.Studies;

namespace Kd.Training.Tests.Studies;

[Collection(nameof(OneTrainer))]
public sealed class StudyTests
{
    // Two processes share a study: the one that ends last must not replace the rows of both with its own.
    [Fact]
    public void RunAll_RowsOfAnotherProcess_StayInTheFile()
    {
        using var folder = TestFiles.CreateFolder();
        using var shared = RunFolder.Open(folder.Path);
        shared.WriteJson(RunFolder.StudyFile, new[] { Row("kd", 1) });
        var study = Create(shared);
        shared.WriteJson(RunFolder.StudyFile, new[] { Row("kd", 1), Row("labels", 1) });

        study.RunAll([], CancellationToken.None);

        Assert.Equal(["kd", "labels"], shared.ReadJson<List<RunResult>>(RunFolder.StudyFile)!.Select(row => row.Method));
    }

    // A worker may begin before the trainer has the teacher's row, and end after the trainer.
    [Fact]
    public void RunAll_RowsOfAnotherProcess_AreInTheOrderOfTheStudy()
    {
        using var folder = TestFiles.CreateFolder();
        using var shared = RunFolder.Open(folder.Path);
        shared.WriteJson(RunFolder.StudyFile, new[] { Row("kd", 1), Row("labels", 1) });
        var study = Create(shared);
        shared.WriteJson(RunFolder.StudyFile, new[] { Row("teacher", 1), Row("labels", 1), Row("kd", 1) });

        study.RunAll([StudyArm.Of("labels"), StudyArm.Of("kd")], CancellationToken.None);

        Assert.Equal(["teacher", "labels", "kd"], shared.ReadJson<List<RunResult>>(RunFolder.StudyFile)!.Select(row => row.Method));
    }

    [Fact]
    public async Task Execute_OtherTeacherThanBefore_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Run:Study=methods", "--Training:Epochs=1"];
        await using (var teacher = await TrainerRuns.StartTeacherAsync())
        await using (var agent = await TrainerRuns.StartAgentAsync(folder.File("agent")))
        {
            var first = await TrainerRuns.RunAsync(folder.Path, "study", [.. settings, .. Addresses(teacher, agent)]);
            Assert.Equal(0, first);
        }

        await using var other = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=2");
        await using var again = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "study",
            TestContext.Current.CancellationToken,
            [.. settings, .. Addresses(other, again)]
        );
        Assert.Equal(2, exitCode);
        Assert.Contains("used the teacher", output);
        Assert.Contains("(teacher)", output);

        static string[] Addresses(RunningService teacher, RunningService agent) =>
            [$"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];
    }

    // The host starts a trainer again with the same settings.
    [Fact]
    public async Task Execute_StartedOverAndInterrupted_ContinuesInTheSameStartOfTheHost()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Distillation:Method=labels", "--Training:Epochs=6", "--Run:Resume=never", "--Host:Start=one"];
        // What is to be started over: a finished run of other settings.
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", "--Distillation:Method=labels", "--Training:LearningRate=0.02"));
        Assert.True(File.Exists(folder.File("run/result.json")));
        File.Delete(folder.File("run/metrics.jsonl"));
        using var stop = new CancellationTokenSource();
        var first = TrainerRuns.RunAsync(folder.Path, "run", stop.Token, settings);
        while (!File.Exists(folder.File("run/metrics.jsonl")) || new FileInfo(folder.File("run/metrics.jsonl")).Length == 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.False(File.Exists(folder.File("run/result.json")));
        await stop.CancelAsync();
        await first;

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "run", TestContext.Current.CancellationToken, settings);

        Assert.Equal(0, exitCode);
        Assert.Contains("continues from its checkpoint", output);
    }

    private static Study Create(RunFolder folder)
    {
        var setup = new RunSetup
        {
            Id = "study",
            Method = "kd",
            Configuration = RunConfiguration.CreateDefault(),
            Batches = null!,
            Folder = folder,
        };
        return new Study(setup, hasSeeds: true, null!, new RunMonitor(TimeProvider.System), new RunControl(), TimeProvider.System);
    }

    private static RunResult Row(string method, long seed) =>
        new()
        {
            Method = method,
            Correct = 1,
            TestImages = 2,
            SamplesSeen = 3,
            TeacherComputed = 4,
            CacheHits = 5,
            Seconds = 6,
            Seed = seed,
        };
}
