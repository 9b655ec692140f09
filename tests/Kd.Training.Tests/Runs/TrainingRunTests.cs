using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Reports;
using Kd.Vision.Checkpoints;

namespace Kd.Training.Tests.Runs;

[Collection(nameof(OneTrainer))]
public sealed class TrainingRunTests
{
    private const int Samples = 24 * 6;

    [Theory]
    [InlineData("labels")]
    [InlineData("mixed")]
    [InlineData("kd")]
    [InlineData("kd-curriculum")]
    public async Task Execute_SameSeedTwice_GivesTheSameWeightsToTheBit(string method)
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [$"--Distillation:Method={method}", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "one", settings));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "two", [.. settings, "--Run:Prefetch=1"]));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "other", [.. settings, "--Run:Seed=2"]));

        var weights = File.ReadAllBytes(folder.File("one/last.safetensors"));
        Assert.Equal(weights, File.ReadAllBytes(folder.File("two/last.safetensors")));
        Assert.NotEqual(weights, File.ReadAllBytes(folder.File("other/last.safetensors")));
        Assert.Contains("classifier.1.weight", Checkpoint.Read(folder.File("one/student.safetensors")).Tensors.Keys);
        Assert.Equal(24, Checkpoint.Read(folder.File("one/student.safetensors")).ClassNames!.Count);
        var epochs = File.ReadLines(folder.File("one/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal([0, 1, 2], epochs.Select(epoch => epoch.GetProperty("epoch").GetInt32()));
        // Whole batches of 32; the rest of an epoch is carried into the next one.
        var chosen = method == "kd-curriculum" ? (int)Math.Round(0.7 * Samples) : Samples;
        Assert.Equal(
            Enumerable.Range(1, 3).Select(epoch => (epoch * chosen / 32 - (epoch - 1) * chosen / 32) * 32),
            epochs.Select(epoch => epoch.GetProperty("samples").GetInt32())
        );
    }

    // The decision that changes nothing: every sample, evenly, at one temperature and the full size.
    [Theory]
    [InlineData("--Curriculum:Policy=none")]
    [InlineData("--Curriculum:Policy=fixed", "--Curriculum:Strategy=even", "--Curriculum:EpochRatio=1")]
    [InlineData("--Curriculum:Policy=fixed", "--Curriculum:Strategy=even", "--Curriculum:EpochRatio=1", "--Curriculum:Uniform=0.5", "--Curriculum:A=3")]
    public async Task Execute_NeutralCurriculum_IsKdToTheBit(params string[] curriculum)
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [$"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}", "--Curriculum:Resolutions="];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "kd", [.. settings, "--Distillation:Method=kd"]));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "neutral", [.. settings, "--Distillation:Method=kd-curriculum", .. curriculum]));

        Assert.Equal(File.ReadAllBytes(folder.File("kd/last.safetensors")), File.ReadAllBytes(folder.File("neutral/last.safetensors")));
    }

    [Fact]
    public async Task Execute_Resolutions_TrainOnSmallInputsAndDifferFromKd()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings =
        [
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address={agent.Grpc}",
            "--Distillation:Method=kd-curriculum",
            "--Curriculum:Policy=none",
            "--Curriculum:Resolutions=",
        ];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "full", settings));
        // Up to the end: the statistics of the tested weights are those of the full size.
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "small", [.. settings, "--Curriculum:Resolutions=0.5:0.5,0.75:1"]));

        Assert.NotEqual(File.ReadAllBytes(folder.File("full/last.safetensors")), File.ReadAllBytes(folder.File("small/last.safetensors")));
        var mistake = await Assert.ThrowsAsync<SettingsException>(() =>
            TrainerRuns.RunAsync(folder.Path, "mistake", [.. settings, "--Curriculum:Resolutions=20"])
        );
        Assert.StartsWith("Curriculum:Resolutions is '20'.", mistake.Message);
    }

    // labels cannot use a picture without a label; kd sees all of them.
    [Fact]
    public async Task Execute_UnlabeledPictures_AreTrainedOnByKdOnly()
    {
        using var folder = TestFiles.CreateFolder();
        foreach (var name in new[] { "a", "b" })
            SmallDataset.Write(folder, name, 6);
        using var more = TestFiles.CreateFolder();
        SmallDataset.Write(more, "mixed", 4);
        await using var teacher = await TrainerRuns.StartTeacherAsync($"--Dataset:Path={folder.Path}");
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings =
        [
            "--Run:Study=methods",
            $"--Dataset:Path={folder.Path}",
            $"--Dataset:Unlabeled={more.Path}",
            // The method of a single run; a study has its own.
            "--Distillation:Method=labels",
            "--Training:BatchSize=4",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address={agent.Grpc}",
        ];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.File("runs"), "study", settings));

        var rows = JsonSerializer.Deserialize<List<RunResult>>(File.ReadAllText(folder.File("runs/study/study.json")), JsonSerializerOptions.Web)!;
        Assert.Equal(3 * 12, rows.Single(row => row.Method == "labels").SamplesSeen);
        Assert.Equal(3 * 12, rows.Single(row => row.Method == "mixed").SamplesSeen);
        Assert.Equal(3 * 24, rows.Single(row => row.Method == "kd").SamplesSeen);
        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.File("runs"),
            "labels",
            TestContext.Current.CancellationToken,
            [.. settings, "--Run:Study=none"]
        );
        Assert.True(exitCode == 0, output);
        Assert.Contains("labels: does not use the 12 images without labels", output);
        var (_, evaluated) = await TrainerRuns.RunAsync(
            folder.File("runs"),
            "none",
            TestContext.Current.CancellationToken,
            [.. settings, "--Run:Task=evaluate", "--Run:Split=train", $"--Run:Checkpoint={folder.File("runs/labels/student.safetensors")}"]
        );
        Assert.Contains("of 12 train images correct", evaluated);
    }

    // The teacher's choices count as right, so that a network which gives the teacher's logits has 100%.
    [Fact]
    public async Task Execute_NoLabelsAtAll_ReportsAgreementWithTheTeacher()
    {
        using var folder = TestFiles.CreateFolder();
        using var pictures = TestFiles.CreateFolder();
        SmallDataset.Write(pictures, "a", 8);
        SmallDataset.Write(pictures, "z", 8);
        File.WriteAllLines(folder.File("classes.txt"), ["cat", "dog", "owl"]);
        await using var teacher = await TrainerRuns.StartTeacherAsync("--Dataset:Path=none", $"--Teacher:ClassList={folder.File("classes.txt")}");
        string[] settings =
        [
            "--Dataset:Path=none",
            $"--Dataset:Unlabeled={pictures.Path}",
            "--Training:BatchSize=8",
            $"--TeacherClient:Address={teacher.Grpc}",
        ];

        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            TestContext.Current.CancellationToken,
            [.. settings, "--Distillation:Method=kd"]
        );

        Assert.True(exitCode == 0, output);
        Assert.Contains("pictures without labels at", output);
        Assert.Contains("no picture has a label: the teacher's choices among its 3 classes count as right", output);
        var result = JsonSerializer.Deserialize<RunResult>(File.ReadAllText(folder.File("run/result.json")), JsonSerializerOptions.Web)!;
        Assert.Contains("agreement with teacher %", ResultTable.Format([result]).Headers);
        Assert.Equal(5, result.TestImages);
        Assert.Contains("| agreement with teacher, best epoch |", File.ReadAllText(folder.File("run/report.md")));
        Assert.Equal(["cat", "dog", "owl"], Checkpoint.Read(folder.File("run/student.safetensors")).ClassNames);

        var (_, evaluated) = await TrainerRuns.RunAsync(
            folder.Path,
            "none",
            TestContext.Current.CancellationToken,
            [.. settings, "--Run:Task=evaluate", $"--Run:Checkpoint={folder.File("run/student.safetensors")}"]
        );
        Assert.Contains($"{result.Correct} of 5 test images correct", evaluated);
        var mistake = await Assert.ThrowsAsync<SettingsException>(() =>
            TrainerRuns.RunAsync(folder.Path, "mistake", [.. settings, "--Distillation:Method=mixed"])
        );
        Assert.StartsWith("Distillation:Method is 'mixed', which needs labels, but Dataset:Path is 'none'.", mistake.Message);
    }

    [Fact]
    public async Task Execute_NoLabelsAndTwoTeachers_HasTheClassesOfTheFirst()
    {
        using var folder = TestFiles.CreateFolder();
        using var pictures = TestFiles.CreateFolder();
        SmallDataset.Write(pictures, "a", 8);
        File.WriteAllLines(folder.File("one.txt"), ["cat", "dog"]);
        File.WriteAllLines(folder.File("two.txt"), ["dog", "cat"]);
        await using var first = await TrainerRuns.StartTeacherAsync("--Dataset:Path=none", $"--Teacher:ClassList={folder.File("one.txt")}");
        await using var second = await TrainerRuns.StartTeacherAsync(
            "--Dataset:Path=none",
            $"--Teacher:ClassList={folder.File("two.txt")}",
            "--Teacher:Seed=2"
        );

        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            TestContext.Current.CancellationToken,
            "--Dataset:Path=none",
            $"--Dataset:Unlabeled={pictures.Path}",
            "--Distillation:Method=kd",
            "--Training:BatchSize=8",
            $"--TeacherClient:Address={first.Grpc}|{second.Grpc}"
        );

        Assert.True(exitCode == 0, output);
        Assert.Equal(["cat", "dog"], Checkpoint.Read(folder.File("run/student.safetensors")).ClassNames);
    }

    [Fact]
    public async Task Execute_WeightsOfAnEarlierRun_ContinuesThemAndSaysSo()
    {
        using var folder = TestFiles.CreateFolder();
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "first", "--Distillation:Method=labels"));
        string[] settings = ["--Distillation:Method=labels", $"--Student:Weights={folder.File("first/last.safetensors")}", "--Training:BackboneRate=0"];

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "second", TestContext.Current.CancellationToken, settings);

        Assert.Equal(0, exitCode);
        Assert.Contains($"labels: starts from '{folder.File("first/last.safetensors")}'; all layers are loaded", output);
        var (first, second) = (Checkpoint.Read(folder.File("first/last.safetensors")), Checkpoint.Read(folder.File("second/last.safetensors")));
        Assert.True(first.Tensors["features.0.0.weight"].Bytes.Span.SequenceEqual(second.Tensors["features.0.0.weight"].Bytes.Span));
        Assert.False(first.Tensors["classifier.1.weight"].Bytes.Span.SequenceEqual(second.Tensors["classifier.1.weight"].Bytes.Span));
        var (refused, errors) = await TrainerRuns.RunAsync(
            folder.Path,
            "third",
            TestContext.Current.CancellationToken,
            [.. settings, "--Student:Architecture=mobilenet_v3_small"]
        );
        Assert.Equal(2, refused);
        Assert.Contains("Student:Weights: ", errors);
        Assert.Contains("does not fit the network MobileNetV3", errors);
        Assert.Contains("Student:Architecture=mobilenet_v3_small with Student:Width=0.1", errors);
        // The settings of the teacher that is trained have other names.
        (refused, errors) = await TrainerRuns.RunAsync(
            folder.Path,
            "fourth",
            TestContext.Current.CancellationToken,
            ["--Run:Task=teacher", "--Teacher:Architecture=mobilenet_v3_small", $"--Teacher:Weights={folder.File("first/last.safetensors")}"]
        );
        Assert.Equal(2, refused);
        Assert.Contains("Teacher:Weights: ", errors);
        Assert.Contains("Teacher:Architecture=mobilenet_v3_small with Student:Width=0.1", errors);
    }

    [Fact]
    public async Task Execute_Study_SavesTheTableAndPaysForEachViewOnce()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}");
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = ["--Run:Study=true", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "study", settings));

        var rows = JsonSerializer.Deserialize<List<RunResult>>(File.ReadAllText(folder.File("study/study.json")), JsonSerializerOptions.Web)!;
        Assert.Equal(["teacher", "labels", "mixed", "kd", "kd-curriculum"], rows.Select(row => row.Method));
        Assert.All(rows, row => Assert.Equal(24 * 4, row.TestImages));
        Assert.Equal((0, 0), (rows[1].TeacherComputed, rows[1].CacheHits));
        // Two views of each sample, of which kd-curriculum, which runs first, labels those that it visits, and mixed the rest.
        Assert.True(rows[4].TeacherComputed > 0, "kd-curriculum was not the first");
        Assert.Equal(2 * Samples, rows[2].TeacherComputed + rows[4].TeacherComputed);
        // Three epochs. Each run ends with what does not fill a batch of 32.
        var visits = 3 * Samples / 32 * 32;
        Assert.Equal(visits, rows[2].TeacherComputed + rows[2].CacheHits);
        Assert.Equal((0, visits), (rows[3].TeacherComputed, rows[3].CacheHits));
        Assert.Equal(3 * (int)Math.Round(0.7 * Samples) / 32 * 32, rows[4].SamplesSeen);
        Assert.Contains("| kd-curriculum |", File.ReadAllText(folder.File("study/study.md")));
    }

    [Fact]
    public async Task Execute_TeacherWithAnotherKey_EndsWithTheUsersExitCode()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        Assert.Equal(
            2,
            await TrainerRuns.RunAsync(folder.Path, "run", $"--TeacherClient:Address={teacher.Grpc}", "--Service:Key=another-key-of-16-characters")
        );
    }

    [Fact]
    public async Task Execute_KnownNameBegunAnew_GetsItsOwnAnswersFromTheAgent()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = ["--Distillation:Method=kd-curriculum", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", settings));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", [.. settings, "--Run:Resume=never", "--Training:LearningRate=0.05"]));

        var journals = new DirectoryInfo(folder.File("agent")).GetFiles("run.kd-curriculum-*.jsonl").OrderBy(journal => journal.LastWriteTimeUtc).ToList();
        Assert.Equal(2, journals.Count);
        var reported = File.ReadLines(journals[1].FullName)
            .Skip(1)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("Report").GetProperty("Loss").GetDouble());
        var trained = File.ReadLines(folder.File("run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble());
        Assert.Equal(trained, reported);
    }

    // Name, seed and method make the agent's name of it.
    [Fact]
    public async Task Execute_LongestNameAndSeed_IsTakenByTheAgent()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            new string('r', 80),
            CancellationToken.None,
            "--Distillation:Method=kd-curriculum",
            "--Training:Epochs=1",
            "--Run:Seeds=2",
            "--Run:Seed=9223372036854775000",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address={agent.Grpc}"
        );
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public async Task Execute_AgentGoneForAWhile_WaitsAndGoesOn()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var proxy = new TcpProxy([agent.Grpc.Port]);
        var run = TrainerRuns.RunAsync(
            folder.Path,
            "run",
            "--Distillation:Method=kd-curriculum",
            "--Training:Epochs=6",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address=http://127.0.0.1:{proxy.Port}"
        );
        while (!File.Exists(folder.File("run/metrics.jsonl")) && !run.IsCompleted)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        proxy.Cut();
        await Task.Delay(3000, TestContext.Current.CancellationToken);
        Assert.False(run.IsCompleted, "the run went on without the agent");
        proxy.Mend();

        Assert.Equal(0, await run);
        var epochs = File.ReadLines(folder.File("run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(6, epochs.Count);
        Assert.All(epochs, epoch => Assert.True(epoch.TryGetProperty("reward", out _)));
    }
}
