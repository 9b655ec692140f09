using System.Text.Json;
using System.Text.RegularExpressions;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed class StudyTests
{
    [Fact]
    public async Task Run_SmallDemoWithTwoTeachers_EndsWithTheTableAndTheRunFolder()
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. AppHostProcess.Small,
            "--Teacher:Replicas=2",
            "--Run:Workers=1",
            "--Run:Threads=1",
            $"--Run:Folder={folder.Path}",
            "--Run:Id=study",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Equal(2, Regex.Matches(output, "teacher-([a-z]+) +[|] .*Serving cifar-resnet20").Select(match => match.Groups[1].Value).Distinct().Count());
        Assert.Contains($"run folder: {folder.File("study")}", output);
        Assert.Contains("| kd-curriculum ", output);
        Assert.DoesNotContain("warn:", output);
        Assert.DoesNotContain("stopped before the end", output);
        // Such messages go to the dashboard's structured logs only.
        Assert.DoesNotContain("Epoch ended", output);
        Assert.DoesNotContain("   at ", output);
        var rows = Rows(folder.File("study/study.json"));
        Assert.Equal(["teacher", "labels", "mixed", "kd", "kd-curriculum"], rows.Select(row => row.GetProperty("method").GetString()));
        Assert.InRange(rows[0].GetProperty("correct").GetInt32(), 90, 96);
        // Two epochs over two views of 96 samples are computed once, for the longest run, which starts first.
        Assert.Equal([96, 0, 0, 0, 192], rows.Select(row => row.GetProperty("teacherComputed").GetInt32()));
        Assert.All(new[] { "labels", "mixed", "kd", "kd-curriculum" }, method => Assert.True(File.Exists(folder.File($"study/{method}/student.safetensors"))));
        Assert.True(File.Exists(folder.File("study/config.json")));
        Assert.DoesNotContain("worker", output);
    }

    // That the results are the same: Kd.Training.Tests, StudyWorkerTests.
    [Fact]
    public async Task Run_WithWorkers_ShareTheRunsOfTheStudy()
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. AppHostProcess.Small,
            "--Run:Workers=3",
            // Workers start after the trainer.
            "--Training:Epochs=30",
            $"--Run:Folder={folder.Path}",
            "--Run:Id=study",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Equal(2, Regex.Matches(output, "worker-([a-z]+) +[|] waiting for studies").Select(match => match.Groups[1].Value).Distinct().Count());
        Assert.Matches("worker-[a-z]+ +[|] .*student with", output);
        Assert.DoesNotContain("stopped before the end", output);
        Assert.DoesNotContain("warn:", output);
        var rows = Rows(folder.File("study/study.json"));
        Assert.Equal(["teacher", "labels", "mixed", "kd", "kd-curriculum"], rows.Select(row => row.GetProperty("method").GetString()));
        Assert.All(new[] { "labels", "mixed", "kd", "kd-curriculum" }, method => Assert.True(File.Exists(folder.File($"study/{method}/student.safetensors"))));
    }

    [Fact]
    public async Task Run_Cifar10WithPublishedWeights_TeachersRowIs1663Of2000()
    {
        using var folder = TestFiles.CreateFolder();
        var (data, weights) = (TestFiles.Shared("data/cifar10"), TestFiles.Shared("data/cifar10/resnet56-4bfd9763.th"));

        var (exitCode, output) = await AppHostProcess.RunAsync([
            $"--Dataset:Path={data}",
            "--Teacher:Architecture=cifar-resnet56",
            $"--Teacher:Weights={weights}",
            "--Dataset:Subset=100",
            "--Training:Epochs=1",
            "--Student:Width=0.1",
            "--Student:Form=Standard",
            "--Training:BatchSize=50",
            $"--Run:Folder={folder.Path}",
            "--Run:Id=cifar",
        ]);

        Assert.True(exitCode == 0, output);
        var teacher = Rows(folder.File("cifar/study.json"))[0];
        Assert.Equal(2000, teacher.GetProperty("testImages").GetInt32());
        Assert.InRange(teacher.GetProperty("correct").GetInt32(), 1661, 1665);
    }

    [Fact]
    public async Task Run_MiniImageNetSample_TrainsOneEpochAt224Pixels()
    {
        using var folder = TestFiles.CreateFolder();
        var data = TestFiles.Shared("data/mini-imagenet-sample");

        var (exitCode, output) = await AppHostProcess.RunAsync([
            $"--Dataset:Path={data}",
            "--Teacher:Architecture=resnet18",
            "--Teacher:Weights=random",
            "--Run:Study=false",
            "--Distillation:Method=kd",
            "--Training:Epochs=1",
            "--Student:Width=0.35",
            "--Training:BatchSize=20",
            "--Run:Id=mini",
            $"--Run:Folder={folder.Path}",
        ]);

        Assert.True(exitCode == 0, output);
        var epoch = JsonDocument.Parse(File.ReadAllText(folder.File("mini/metrics.jsonl"))).RootElement;
        Assert.Equal((100, 100), (epoch.GetProperty("samples").GetInt32(), epoch.GetProperty("teacherComputed").GetInt32()));
        Assert.True(File.Exists(folder.File("mini/student.safetensors")));
    }

    private static List<JsonElement> Rows(string path) => [.. JsonDocument.Parse(File.ReadAllText(path)).RootElement.EnumerateArray()];
}
