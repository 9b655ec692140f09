using System.Text.Json.Nodes;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Diagnostics;
using Kd.Vision.Checkpoints;
using static TorchSharp.torch;

namespace Kd.Training.Tests.Runs;

[Collection(nameof(OneTrainer))]
public sealed class CheckpointTests
{
    private readonly List<string> _notes = [];

    [Fact]
    public void Load_SavedTwice_GivesTheLast()
    {
        using var folder = TestFiles.CreateFolder();
        var store = new CheckpointStore(RunFolder.Open(folder.Path));
        store.Save(State(1), Tensors(1));
        store.Save(State(2), Tensors(2));

        var (state, checkpoint) = store.Load(_notes.Add)!.Value;

        Assert.Equal((2, 7), (state.Epoch, state.Step));
        Assert.Equal(State(2).Target, state.Target);
        Assert.Equal(Tensors(2)["a"].Bytes.ToArray(), checkpoint.Tensors["a"].Bytes.ToArray());
        Assert.Empty(_notes);
    }

    // Wherever it is damaged: in the length, the header, the state or the numbers.
    [Fact]
    public void Load_LastOneDamagedAnywhere_FallsBackAndSaysSo()
    {
        using var folder = TestFiles.CreateFolder();
        var store = new CheckpointStore(RunFolder.Open(folder.Path));
        store.Save(State(1), Tensors(1));
        store.Save(State(2), Tensors(2));
        var path = folder.File("checkpoint.safetensors");
        var whole = File.ReadAllBytes(path);
        var fellBack = 0;
        for (var at = 0; at < whole.Length; at += 7)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 0x15;
            _notes.Clear();
            File.WriteAllBytes(path, damaged);
            var (state, checkpoint) = store.Load(_notes.Add)!.Value;
            // A byte that means nothing, such as one of the word that names the format, may be anything.
            if (state.Epoch == 2)
                Assert.Equal(
                    (State(2).Sums, Tensors(2)["a"].Bytes.ToArray()),
                    (state.Sums with { Decisions = State(2).Sums.Decisions }, checkpoint.Tensors["a"].Bytes.ToArray()),
                    (a, b) => a.Item1 == b.Item1 && a.Item2.SequenceEqual(b.Item2)
                );
            else
                Assert.Contains("the previous one is used", Assert.Single(_notes));
            fellBack += 2 - state.Epoch;
        }

        Assert.InRange(fellBack, whole.Length / 7 - 12, whole.Length);
        AssertFallsBack(whole[..^1]);
        AssertFallsBack([]);

        void AssertFallsBack(byte[] content)
        {
            _notes.Clear();
            File.WriteAllBytes(path, content);
            Assert.Equal(1, store.Load(_notes.Add)!.Value.State.Epoch);
            Assert.Contains("the previous one is used", Assert.Single(_notes));
        }
    }

    // It may be intact: a run that began anew would overwrite it.
    [Fact]
    public void Load_LastOneCannotBeRead_StopsAndLeavesBoth()
    {
        using var folder = TestFiles.CreateFolder();
        var store = new CheckpointStore(RunFolder.Open(folder.Path));
        store.Save(State(1), Tensors(1));
        store.Save(State(2), Tensors(2));
        var path = folder.File("checkpoint.safetensors");
        File.Move(path, folder.File("kept"));
        // Root may read any file, but nobody reads a folder as one.
        Directory.CreateDirectory(path);

        var error = Assert.Throws<CheckpointException>(() => store.Load(_notes.Add));

        Assert.Contains(path, error.Message);
        Assert.Contains("cannot be read", error.Message);
        Directory.Delete(path);
        File.Move(folder.File("kept"), path);
        Assert.Equal(2, store.Load(_notes.Add)!.Value.State.Epoch);
    }

    [Fact]
    public void Load_AllDamaged_StopsInsteadOfBeginningAnew()
    {
        using var folder = TestFiles.CreateFolder();
        var run = RunFolder.Open(folder.Path);
        var store = new CheckpointStore(run);
        store.Save(State(1), Tensors(1));
        File.WriteAllBytes(folder.File("checkpoint.safetensors"), new byte[100]);

        var error = Assert.Throws<TrainingException>(() => store.Load(_notes.Add));

        Assert.Contains("Run:Resume=never", error.Message);
        run.StartOver();
        Assert.Null(store.Load(_notes.Add));
    }

    [Fact]
    public void Save_DiskFull_SaysSoAndKeepsWhatWasThere()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using var folder = TestFiles.CreateFolder();
        var store = new CheckpointStore(RunFolder.Open(folder.Path));
        store.Save(State(1), Tensors(1));
        File.CreateSymbolicLink(folder.File("checkpoint.safetensors.new.part"), "/dev/full");

        var error = Assert.Throws<TrainingException>(() => store.Save(State(2), Tensors(2)));

        Assert.Contains("No space left", error.Message);
        Assert.Equal(1, store.Load(_notes.Add)!.Value.State.Epoch);
        store.Save(State(3), Tensors(3));
        Assert.Equal(3, store.Load(_notes.Add)!.Value.State.Epoch);
    }

    [Fact]
    public async Task Run_DiskFullInTheMiddle_EndsWithAReasonAndGoesOnLater()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Distillation:Method=labels"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "quiet", settings));
        Directory.CreateDirectory(folder.File("full"));
        File.CreateSymbolicLink(folder.File("full/checkpoint.safetensors.new.part"), "/dev/full");

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "full", CancellationToken.None, settings);

        Assert.Equal(2, exitCode);
        Assert.Contains("No space left", output);
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "full", settings));
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/last.safetensors")), File.ReadAllBytes(folder.File("full/last.safetensors")));
    }

    [Fact]
    public async Task Run_SameCommandAfterAStop_GoesOnWithTheSameRun()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Distillation:Method=labels", "--Training:Epochs=12"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.File("quiet"), "run", settings));
        using var stop = new CancellationTokenSource();
        var run = TrainerRuns.RunAsync(folder.File("stopped"), "", stop.Token, settings);
        while (
            !run.IsCompleted && !Directory.Exists(folder.File("stopped"))
            || Directory.GetFiles(folder.File("stopped"), "checkpoint.safetensors", SearchOption.AllDirectories).Length == 0
        )
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        Assert.NotEqual(0, (await run).ExitCode);

        // Other settings are another run; the same ones go on, and a finished run is left alone.
        var (otherCode, other) = await TrainerRuns.RunAsync(
            folder.File("stopped"),
            "",
            CancellationToken.None,
            ["--Distillation:Method=labels", "--Training:Epochs=2"]
        );
        var (exitCode, output) = await TrainerRuns.RunAsync(folder.File("stopped"), "", CancellationToken.None, settings);

        Assert.Equal((0, 0), (otherCode, exitCode));
        Assert.DoesNotContain("continues from its checkpoint", other);
        Assert.Contains("continues from its checkpoint", output);
        Assert.Equal(2, Directory.GetDirectories(folder.File("stopped")).Length);
        var finished = Directory.GetDirectories(folder.File("stopped")).Single(path => File.ReadLines(Path.Combine(path, "metrics.jsonl")).Count() == 12);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/run/last.safetensors")), File.ReadAllBytes(Path.Combine(finished, "last.safetensors")));
    }

    [Fact]
    public async Task Run_InterruptedWithinAnEpoch_SavesACheckpointThere()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = ["--Distillation:Method=labels", "--Training:Epochs=3", "--Training:BatchSize=4", "--Run:CheckpointEvery=01:00:00"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "quiet", settings));
        await TrainerRuns.StopAtAsync(folder.Path, "stopped", status => status.Step > 3, settings);

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "stopped", CancellationToken.None, settings);

        Assert.Equal(0, exitCode);
        Assert.Matches(@"continues from its checkpoint at epoch \d, step [1-9]", output);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/last.safetensors")), File.ReadAllBytes(folder.File("stopped/last.safetensors")));
    }

    // InfoBatch has weights and losses of its own to keep, and a run of updates ends within an epoch.
    [Fact]
    public async Task Run_InfoBatchByUpdatesStoppedInAnEpoch_GoesOnToTheBit()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings =
        [
            "--Distillation:Method=kd-curriculum",
            "--Curriculum:Policy=infobatch",
            "--Training:Updates=67",
            "--Training:BatchSize=12",
            $"--TeacherClient:Address={teacher.Grpc}",
            $"--AgentClient:Address={agent.Grpc}",
        ];
        var (quietExit, _) = await TrainerRuns.RunAsync(folder.Path, "quiet", CancellationToken.None, settings);

        foreach (var epoch in new[] { 2, 4, 6 })
            await TrainerRuns.StopAtAsync(folder.Path, "stopped", status => status.Epoch >= epoch && status.Step > 2, settings);

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "stopped", settings));
        Assert.Equal(0, quietExit);
        Assert.Equal(File.ReadAllBytes(folder.File("quiet/last.safetensors")), File.ReadAllBytes(folder.File("stopped/last.safetensors")));
        var result = System.Text.Json.JsonDocument.Parse(File.ReadAllText(folder.File("stopped/result.json"))).RootElement;
        Assert.Equal(67, result.GetProperty("updates").GetInt64());
        var (seen, epochs) = (result.GetProperty("samplesSeen").GetInt64(), File.ReadLines(folder.File("stopped/metrics.jsonl")).Count());
        // 12 steps of 144 samples would be 6 epochs; pruning makes them more and shorter.
        Assert.InRange(epochs, 7, 11);
        Assert.InRange(seen, 600, 67 * 12);
    }

    [Fact]
    public async Task Run_NamedRunWithOtherSettings_NamesTheDifference()
    {
        using var folder = TestFiles.CreateFolder();
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", "--Distillation:Method=labels"));

        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            CancellationToken.None,
            "--Distillation:Method=labels",
            "--Training:LearningRate=0.002"
        );

        Assert.Equal(2, exitCode);
        Assert.Contains("Training:LearningRate was 0.001, now it is 0.002", output);
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", "--Distillation:Method=labels", "--Training:LearningRate=0.002", "--Run:Resume=never"));
    }

    [Fact]
    public async Task Run_FolderOfAVersionWithoutASetting_GoesOnAsIfItHadItsDefault()
    {
        using var folder = TestFiles.CreateFolder();
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", "--Distillation:Method=labels"));
        var path = folder.File("run/config.json");
        var settings = JsonNode.Parse(File.ReadAllText(path))!;
        Assert.True(settings["training"]!.AsObject().Remove("labelSmoothing"));
        File.WriteAllText(path, settings.ToJsonString());

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", "--Distillation:Method=labels"));
        File.WriteAllText(path, settings.ToJsonString());
        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            CancellationToken.None,
            "--Distillation:Method=labels",
            "--Training:LabelSmoothing=0.1"
        );

        Assert.Equal(2, exitCode);
        Assert.Contains("Training:LabelSmoothing was 0, now it is 0.1", output);
    }

    [Fact]
    public async Task Run_DatasetChangedInBetween_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        using var data = TestFiles.CreateFolder();
        SmallDataset.Write(data, "a", 8);
        SmallDataset.Write(data, "b", 8);
        string[] settings = [$"--Dataset:Path={data.Path}", "--Distillation:Method=labels", "--Training:BatchSize=8"];
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "run", settings));
        File.Delete(folder.File("run/result.json"));
        // As many as before, but other ones.
        File.Move(data.File("train/a/0.png"), data.File("train/b/0a.png"));

        var (exitCode, output) = await TrainerRuns.RunAsync(folder.Path, "run", CancellationToken.None, settings);

        Assert.Equal(2, exitCode);
        Assert.Contains("Dataset:Path have changed", output);
    }

    private static RunState State(int epoch) =>
        new()
        {
            TeacherId = "teacher",
            Epoch = epoch,
            Step = 7,
            Steps = 99,
            Sums = new EpochSums { Loss = 1.0 / 3 },
            Best = new BestEpoch(0, 12.5),
            Seen = 100,
            Seconds = 3.5,
            Target = "{ }",
        };

    private static Dictionary<string, TensorData> Tensors(int seed) =>
        new()
        {
            ["a"] = new TensorData(ScalarType.Float32, [4], new byte[] { 1, 2, 3, (byte)seed, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 }),
            ["b"] = new TensorData(ScalarType.Int64, [], new byte[8]),
        };
}
