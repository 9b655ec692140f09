extern alias teacher;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Shards;
using Microsoft.Extensions.DependencyInjection;
using PassRunner = teacher::Kd.TeacherService.Batching.PassRunner;

namespace Kd.Training.Tests.Tasks;

/// <summary>Labels in parquet files, from a real teacher service, and runs that learn from them.</summary>
[Collection(nameof(OneTrainer))]
public sealed class LabelShardTests
{
    // 24 classes: 6 training images in 2 views each and 4 test images.
    private const int Views = 24 * (6 * 2 + 4);
    private static readonly string s_nobody = $"--TeacherClient:Address=http://127.0.0.1:{RunningService.FreePort()}";

    [Fact]
    public async Task Train_FromShards_GivesTheWeightsOfTheTeacherToTheBit()
    {
        using var folder = TestFiles.CreateFolder();
        await using (var teacher = await StartTeacherAsync())
        {
            // Two workers, as two indexes of a Kubernetes job.
            var results = await Task.WhenAll(LabelAsync("0/2"), LabelAsync("1/2"));
            Assert.All(results, result => Assert.Equal(0, result.ExitCode));
            var counts = results
                .Select((result, shard) => Counted(result.Output, $"labeled ([0-9]+) views of shard {shard}/2 in '.*': ([0-9]+) computed"))
                .ToList();
            Assert.Equal(Views, counts.Sum(count => count.Views));
            Assert.All(counts, count => Assert.InRange(count.Views, Views / 3, 2 * Views / 3));
            Assert.Contains("shard 1/2", results[1].Output);
            foreach (var method in new[] { "kd", "mixed" })
                Assert.Equal(0, await TrainAsync(folder, $"teacher-{method}", method, $"--TeacherClient:Address={teacher.Grpc}"));

            Task<(int ExitCode, string Output)> LabelAsync(string shard) =>
                TrainerRuns.RunAsync(
                    folder.Path,
                    "label",
                    CancellationToken.None,
                    ["--Run:Task=label", $"--Run:Shard={shard}", $"--Labels:Write={folder.File("labels")}", $"--TeacherClient:Address={teacher.Grpc}"]
                );
        }

        foreach (var method in new[] { "kd", "mixed" })
        {
            Assert.Equal(0, await TrainAsync(folder, $"shards-{method}", method, s_nobody, $"--Labels:Path={folder.File("labels")}"));

            Assert.Equal(Weights(folder, $"teacher-{method}"), Weights(folder, $"shards-{method}"));
            var (teacher, shards) = (Result(folder, $"teacher-{method}"), Result(folder, $"shards-{method}"));
            Assert.Equal((teacher.TeacherId, teacher.Correct, 0), (shards.TeacherId, shards.Correct, shards.TeacherComputed));
            Assert.Equal(teacher.TeacherComputed + teacher.CacheHits, shards.CacheHits);
        }

        Assert.NotEqual(Weights(folder, "shards-kd"), Weights(folder, "shards-mixed"));

        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "more",
            CancellationToken.None,
            [s_nobody, $"--Labels:Path={folder.File("labels")}", "--Run:Study=false", "--Distillation:Method=kd", "--Views:PerSample=3"]
        );
        Assert.Equal(2, exitCode);
        Assert.Contains("The run needs the labels of 4 views, of which 4 are not among the", output);
        Assert.Contains("and Views:PerSample (one more where a curriculum decides sizes), in all shards of Run:Shard.", output);
    }

    [Fact]
    public async Task Export_CacheWithMissingViews_NamesTheirNumberAndLaterAddsThem()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}");
        var labels = folder.File("labels");
        string[] settings = [$"--TeacherClient:Address={teacher.Grpc}", $"--Labels:Write={labels}", "--Labels:Top=5"];
        Assert.Equal(0, (await TaskAsync("label", $"--TeacherClient:Address={teacher.Grpc}", "--Run:Shard=1/3")).ExitCode);
        var stored = Computed(teacher);

        var (exitCode, output) = await TaskAsync("export-labels", settings);
        Assert.Equal(2, exitCode);
        var missing = Counted(output, @"The cache lacks ([0-9]+) of ([0-9]+) views; the labels of the others are in '.*'\. Compute them with Run:Task=label");
        Assert.Equal(Views, missing.Second);
        Assert.InRange(missing.Views, Views - stored - 20, Views - stored);
        var part = ReadAll(labels);
        Assert.InRange(part.Count, 1, stored);

        Assert.Equal(0, (await TaskAsync("label", $"--TeacherClient:Address={teacher.Grpc}")).ExitCode);
        var all = Computed(teacher);
        (exitCode, output) = await TaskAsync("export-labels", settings);

        Assert.Equal(0, exitCode);
        Assert.Contains($"exported {Views} views in '{labels}'", output);
        Assert.Equal(all, Computed(teacher));
        var whole = ReadAll(labels);
        Assert.Equal(all, whole.Count);
        Assert.All(part, label => Assert.Equal(label.Value, whole[label.Key]));
        // The same labels as those that are computed into shards.
        Assert.Equal(0, (await TaskAsync("label", [.. settings, $"--Labels:Write={folder.File("computed")}"])).ExitCode);
        Assert.Equal(whole.OrderBy(label => label.Key), ReadAll(folder.File("computed")).OrderBy(label => label.Key));
        Assert.Equal(0, await TrainAsync(folder, "top", "kd", s_nobody, $"--Labels:Path={labels}"));
        Assert.EndsWith("-top5", Result(folder, "top").TeacherId);
        (exitCode, output) = await TaskAsync("label", [.. settings, "--Labels:Top=0"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("has labels of the top 5 classes, but this task makes those of all classes. Set another folder as Labels:Write", output);

        Task<(int ExitCode, string Output)> TaskAsync(string task, params string[] more) =>
            TrainerRuns.RunAsync(folder.Path, task, CancellationToken.None, [$"--Run:Task={task}", .. more]);
    }

    [Fact]
    public async Task Label_WorkerKilled_LeavesWholeFilesAndTheNextStartFinishes()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartMeanTeacherAsync(TimeSpan.FromMilliseconds(30));
        string[] settings =
        [
            .. TrainerProcess.Small,
            "--Run:Task=label",
            "--Views:PerSample=4",
            "--TeacherClient:CallSize=16",
            "--Run:Prefetch=2",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--Labels:Write={folder.File("labels")}",
            "--Labels:FileViews=50",
        ];
        const int views = 24 * (6 * 4 + 4);
        using (var worker = TrainerRuns.StartProcess(folder.Path, "label", settings))
        {
            while (!Directory.Exists(folder.File("labels")) || Directory.GetFiles(folder.File("labels"), "*.parquet").Length < 3)
            {
                Assert.False(worker.HasExited, "the worker ended before it was killed");
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            worker.Kill();
            await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var left = Directory.GetFiles(folder.File("labels"), "*.parquet");
        Assert.InRange(ReadAll(folder.File("labels")).Count, 150, views - 100);
        Assert.All(left, path => Assert.Equal(50, Count(path)));
        // What a worker leaves that is killed in the middle of a file.
        File.WriteAllBytes(folder.File("labels/labels-00000-of-00001-00099.parquet.part"), File.ReadAllBytes(left[0])[..1000]);
        var before = left.ToDictionary(path => path, File.ReadAllBytes);
        var (computed, done) = (Computed(teacher), ReadAll(folder.File("labels")).Count);

        using (var next = TrainerRuns.StartProcess(folder.Path, "label", settings))
        {
            await next.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, next.ExitCode);
        }

        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        Assert.Empty(Directory.GetFiles(folder.File("labels"), "*.part"));
        var all = ReadAll(folder.File("labels")).Count;
        Assert.InRange(all, views - 40, views);
        // Only what no file had.
        Assert.InRange(Computed(teacher) - computed, all - done, all - done + 40);
    }

    // As Kubernetes ends a worker: with a signal, and time to write.
    [Fact]
    public async Task Label_Stopped_WritesWhatItHasLabeled()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartMeanTeacherAsync(TimeSpan.FromMilliseconds(20));
        string[] settings =
        [
            "--Run:Task=label",
            "--Views:PerSample=4",
            "--TeacherClient:CallSize=16",
            "--Run:Prefetch=1",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--Labels:Write={folder.File("labels")}",
        ];
        using var stop = new CancellationTokenSource();
        var running = TrainerRuns.RunAsync(folder.Path, "label", stop.Token, settings);
        while (Computed(teacher) < 100)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await running;

        // One call may have been canceled.
        var written = ReadAll(folder.File("labels")).Count;
        Assert.InRange(written, 100 - 2 * 16, 24 * (6 * 4 + 4) - 100);
        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "label", CancellationToken.None, settings);
        Assert.Equal(0, exitCode);
        Assert.Contains("computed now", output);
        Assert.InRange(ReadAll(folder.File("labels")).Count, written + 100, 24 * (6 * 4 + 4));
    }

    [Fact]
    public async Task Label_ShardThatAnotherProcessWrites_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await StartTeacherAsync();
        Directory.CreateDirectory(folder.File("labels"));
        using var held = new FileStream(folder.File("labels/.labels-00002-of-00004-lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        string[] settings = ["--Run:Task=label", $"--TeacherClient:Address={teacher.Grpc}", $"--Labels:Write={folder.File("labels")}"];

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "label", CancellationToken.None, [.. settings, "--Run:Shard=2/4"]);

        Assert.Equal(2, exitCode);
        Assert.Contains("The shard 2/4 (Run:Shard) in", output);
        Assert.Contains("If another process writes it, wait for that one, or give this one another shard.", output);
        Assert.Equal(0, (await TrainerRuns.RunAsync(folder.Path, "label", CancellationToken.None, [.. settings, "--Run:Shard=3/4"])).ExitCode);
    }

    private static Task<RunningService> StartTeacherAsync(params string[] more) =>
        TrainerRuns.StartTeacherAsync([$"--Teacher:Weights={Path.Combine(TestFiles.RepositoryRoot, "models", "demo-teacher.safetensors")}", .. more]);

    private static Task<int> TrainAsync(TemporaryFolder folder, string id, string method, params string[] more) =>
        TrainerRuns.RunAsync(folder.Path, id, ["--Run:Study=false", $"--Distillation:Method={method}", .. more]);

    private static long Computed(RunningService teacher) => teacher.Services.GetRequiredService<PassRunner>().Computed;

    private static (int Views, int Second) Counted(string output, string pattern)
    {
        var match = System.Text.RegularExpressions.Regex.Match(output, pattern);
        Assert.True(match.Success, $"'{pattern}' is not in:\n{output}");
        return (int.Parse(match.Groups[1].Value, null), int.Parse(match.Groups[2].Value, null));
    }

    private static int Count(string path)
    {
        var count = 0;
        LabelReader.Read(path, reader => reader.ReadLabels((_, _) => count++));
        return count;
    }

    private static Dictionary<UInt128, string> ReadAll(string folder)
    {
        var labels = new Dictionary<UInt128, string>();
        foreach (var path in LabelFolder.RequireFiles(folder))
            LabelReader.Read(path, reader => reader.ReadLabels((view, label) => labels.Add(view.Value, Convert.ToHexString(label))));
        return labels;
    }

    private static byte[] Weights(TemporaryFolder folder, string id) => File.ReadAllBytes(folder.File($"{id}/last.safetensors"));

    private static RunResult Result(TemporaryFolder folder, string id) => RunFolder.Open(folder.File(id)).ReadJson<RunResult>(RunFolder.ResultFile)!;
}
