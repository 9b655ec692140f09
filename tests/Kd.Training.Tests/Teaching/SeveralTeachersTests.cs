using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Runs;
using Kd.Vision.Datasets;
using Microsoft.Extensions.Configuration;
using Parquet;
using Parquet.Schema;

namespace Kd.Training.Tests.Teaching;

[Collection(nameof(OneTrainer))]
public sealed class SeveralTeachersTests
{
    private static readonly string[] s_trained = [$"--Teacher:Weights={Path.Combine(TestFiles.RepositoryRoot, "models", "demo-teacher.safetensors")}"];

    // Two seconds and more of a run, all of whose batches need the teachers.
    private static readonly string[] s_long = ["--Distillation:Method=kd", "--Views:PerSample=0", "--Training:Epochs=10", "--Training:BatchSize=16"];

    [Fact]
    public async Task Execute_TeacherWithAnotherOrderOfClasses_GivesTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        await WriteReversedClassesAsync(folder.File("reversed"));
        await using var same = await TrainerRuns.StartTeacherAsync(s_trained);
        await using var reversed = await TrainerRuns.StartTeacherAsync([.. s_trained, $"--Dataset:Path={folder.File("reversed")}"]);
        await using var other = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=2");

        Assert.Equal(0, await RunAsync(folder, "same", [same.Grpc, other.Grpc]));
        Assert.Equal(0, await RunAsync(folder, "reversed", [reversed.Grpc, other.Grpc]));
        Assert.Equal(0, await RunAsync(folder, "weighted", [same.Grpc, other.Grpc], "--Distillation:TeacherWeights=3,1"));
        Assert.Equal(0, await RunAsync(folder, "alone", [same.Grpc]));

        Assert.Equal(Weights(folder, "same"), Weights(folder, "reversed"));
        Assert.NotEqual(Weights(folder, "same"), Weights(folder, "weighted"));
        Assert.NotEqual(Weights(folder, "same"), Weights(folder, "alone"));
        Assert.Matches(@"^0\.75\*\w+\+0\.25\*\w+$", Result(folder, "weighted").TeacherId!);
    }

    // A teacher with itself in another order: all rows are the same, since the mean of equal logits has the same largest one.
    [Fact]
    public async Task Execute_Study_HasARowForEachTeacherAndTheirMean()
    {
        using var folder = TestFiles.CreateFolder();
        await WriteReversedClassesAsync(folder.File("reversed"));
        await using var same = await TrainerRuns.StartTeacherAsync(s_trained);
        await using var reversed = await TrainerRuns.StartTeacherAsync([.. s_trained, $"--Dataset:Path={folder.File("reversed")}"]);

        var exitCode = await RunAsync(
            folder,
            "study",
            [same.Grpc, reversed.Grpc],
            "--Run:Study=students",
            "--Student:Compare=mobilenet_v2:0.1,mobilenet_v2:0.15",
            "--Training:Epochs=1"
        );

        Assert.Equal(0, exitCode);
        var rows = RunFolder.Open(folder.File("study")).ReadJson<List<RunResult>>(RunFolder.StudyFile)!;
        Assert.Equal(["teacher-0", "teacher-1", "teacher-mean", "mobilenet_v2-x0.1", "mobilenet_v2-x0.15"], rows.Select(row => row.Method));
        Assert.All(rows.Take(3), row => Assert.True(row.TestAccuracy > 85, $"{row.Method} {row.TestAccuracy}"));
        Assert.Single(rows.Take(3).Select(row => row.Correct).Distinct());
        Assert.Equal(rows[0].TeacherComputed + rows[1].TeacherComputed, rows[2].TeacherComputed);
        Assert.Contains("| teacher-1 |", File.ReadAllText(folder.File("study/study.md")));
    }

    [Fact]
    public void Read_WeightsOfAnotherNumber_IsRefused()
    {
        var settings = new ConfigurationBuilder().AddCommandLine([
            "--TeacherClient:Address=http://127.0.0.1:1|http://127.0.0.1:2",
            "--Distillation:TeacherWeights=1,2,3",
        ]);

        var error = Assert.Throws<SettingsException>(() => RunConfiguration.Read(settings.Build()));

        Assert.Contains("Distillation:TeacherWeights is '1,2,3'. Expected a number above 0 for each teacher (2)", error.Message);
    }

    [Fact]
    public async Task Execute_OneStopsAndGoOn_EndsAndTellsTheNumberOfViews()
    {
        using var folder = TestFiles.CreateFolder();
        await using var staying = await TrainerRuns.StartTeacherAsync(s_trained);
        var leaving = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=2");
        var run = RunAsync(folder, "run", [staying.Grpc, leaving.Grpc], [.. s_long, "--TeacherClient:WhenAway=GoOn", "--TeacherClient:AwayAfter=00:00:00.5"]);
        await WaitForEpochsAsync(folder, "run", 2);

        await leaving.DisposeAsync();

        Assert.False(run.IsCompleted, "the run was over before the teacher stopped");
        Assert.Equal(0, await run);
        var result = Result(folder, "run");
        Assert.InRange(result.IncompleteViews, 16, 10 * 24 * 6);
        Assert.Contains("views without a teacher", File.ReadAllText(folder.File("run/report.md")));
    }

    [Fact]
    public async Task Execute_OneIsAwayAndWait_GivesTheWeightsOfAnUndisturbedRun()
    {
        using var folder = TestFiles.CreateFolder();
        await using var one = await TrainerRuns.StartTeacherAsync(s_trained);
        await using var other = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=2");
        using var proxy = new TcpProxy([other.Grpc.Port]);
        Assert.Equal(0, await RunAsync(folder, "quiet", [one.Grpc, other.Grpc], s_long));
        var run = RunAsync(folder, "disturbed", [one.Grpc, new Uri($"http://127.0.0.1:{proxy.Port}")], s_long);
        await WaitForEpochsAsync(folder, "disturbed", 2);

        proxy.Cut();
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.False(run.IsCompleted, "the run did not wait");
        proxy.Mend();

        Assert.Equal(0, await run);
        Assert.Equal(Weights(folder, "quiet"), Weights(folder, "disturbed"));
        Assert.Equal(0, Result(folder, "disturbed").IncompleteViews);
    }

    [Fact]
    public void Of_SeveralTeachers_HasIdsAndWeights()
    {
        TeacherInfo[] teachers = [new("abc", "resnet18"), new("def", "resnet50")];

        Assert.Equal(new TeacherInfo("0.6667*abc+0.3333*def", "resnet18 and resnet50"), TeacherInfo.Of(teachers, [2 / 3.0, 1 / 3.0]));
        Assert.Same(teachers[0], TeacherInfo.Of(teachers[..1], [1]));
    }

    private static Task<int> RunAsync(TemporaryFolder folder, string id, Uri[] teachers, params string[] settings) =>
        TrainerRuns.RunAsync(folder.Path, id, ["--Distillation:Method=kd", $"--TeacherClient:Address={string.Join<Uri>('|', teachers)}", .. settings]);

    private static byte[] Weights(TemporaryFolder folder, string id) => File.ReadAllBytes(folder.File($"{id}/last.safetensors"));

    private static RunResult Result(TemporaryFolder folder, string id) => RunFolder.Open(folder.File(id)).ReadJson<RunResult>(RunFolder.ResultFile)!;

    private static async Task WaitForEpochsAsync(TemporaryFolder folder, string id, int epochs)
    {
        var path = folder.File($"{id}/metrics.jsonl");
        while (!File.Exists(path) || File.ReadLines(path).Count() < epochs)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    // A dataset of the demo's classes in the reverse order, for a teacher that reads only its names.
    private static async Task WriteReversedClassesAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var (bytes, name, label) = (new DataField<byte[]>("bytes"), new DataField<string>("path"), new DataField<long>("label"));
        await using var file = File.Create(Path.Combine(folder, "train-0.parquet"));
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(new StructField("image", bytes, name), label), file);
        var features = new { label = new { names = DatasetLoader.ReadClassNames("demo").Reverse() } };
        writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = JsonSerializer.Serialize(new { info = new { features } }) };
        using var rows = writer.CreateRowGroup();
        await rows.WriteAsync(bytes, new List<byte[]> { new byte[] { 1 } });
        await rows.WriteAsync(name, new List<string> { "1.png" });
        await rows.WriteAsync<long>(label, new long[] { 0 });
    }
}
