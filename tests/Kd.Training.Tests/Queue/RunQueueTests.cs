using Kd.Settings;
using Kd.Tests;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Microsoft.Extensions.Configuration;

namespace Kd.Training.Tests.Queue;

public sealed class RunQueueTests
{
    [Fact]
    public void Add_ThenAnotherProcess_FindsThemInTheirOrder()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
        {
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "one", ["Training:Epochs"] = "3" });
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "two" });
        }

        using var second = Open(folder.Path);
        Assert.Equal(["one", "two"], second.Runs.Select(run => run.Id));
        Assert.Equal("3", second.Next(stay: false, () => { }, CancellationToken.None)!.Settings["Training:Epochs"]);
        Assert.Equal("one", second.Current);
        second.CompleteCurrent();
        Assert.Equal("two", second.Next(stay: false, () => { }, CancellationToken.None)!.Id);
    }

    [Fact]
    public void Add_TaskInAnyCase_IsTaken()
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.Path);
        queue.Add(new Dictionary<string, string> { ["Run:Id"] = "one", ["Run:Task"] = "label" });
        queue.Add(new Dictionary<string, string> { ["Run:Id"] = "two", ["run:task"] = "train" });
        Assert.Equal(["one", "two"], queue.Runs.Select(run => run.Id));
    }

    [Theory]
    [InlineData("agent")]
    [InlineData("cache")]
    [InlineData("decoded")]
    [InlineData("evaluations")]
    public void Add_NameOfAnotherFolder_IsRefused(string id)
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.Path);
        var error = Assert.Throws<SettingsException>(() => queue.Add(new Dictionary<string, string> { ["Run:Id"] = id }));
        Assert.Contains($"Run:Id is '{id}'", error.Message);
    }

    [Fact]
    public void Add_SettingGivenInTwoCases_IsAUsersMistake()
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.Path);
        var error = Assert.Throws<SettingsException>(() => queue.Add(new Dictionary<string, string> { ["Training:Epochs"] = "3", ["training:epochs"] = "4" }));
        Assert.Contains("training:epochs is given twice", error.Message);
    }

    [Fact]
    public void Complete_FailedRun_IsKeptBehindTheOthersUntilItIsTriedAgain()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
        {
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "one", ["Training:Epochs"] = "3" });
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "two" });
            first.Next(stay: false, () => { }, CancellationToken.None);
            first.CompleteCurrent("the disk is full");
            Assert.Equal("two", first.Next(stay: false, () => { }, CancellationToken.None)!.Id);
            first.CompleteCurrent();
            Assert.Null(first.Next(stay: false, () => { }, CancellationToken.None));
        }

        using var second = Open(folder.Path);
        Assert.Equal(("one", "the disk is full"), (second.Runs.Single().Id, second.Runs.Single().Failure));
        Assert.False(second.Retry("two"));
        Assert.True(second.Retry("one"));
        var again = second.Next(stay: false, () => { }, CancellationToken.None)!;
        Assert.Equal(("one", "3", null), (again.Id, again.Settings["Training:Epochs"], again.Failure));
    }

    // Each start ends with a crash: the process leaves neither word nor checkpoint.
    [Fact]
    public void Next_RunThatKillsTheTrainerEachTime_FailsAndTheOthersStart()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
        {
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "deadly" });
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "next" });
        }

        for (var start = 0; start < 3; start++)
            Assert.Equal("deadly", Start());
        Assert.Equal("next", Start());
        using (var last = Open(folder.Path))
            Assert.Contains("3 times in a row", last.Runs.Single(run => run.Id == "deadly").Failure);

        string? Start()
        {
            using var queue = Open(folder.Path);
            return queue.Next(stay: false, () => { }, CancellationToken.None)?.Id;
        }
    }

    [Fact]
    public void Next_RunThatGetsFurtherOrIsInterrupted_StaysInTheQueue()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "long" });

        for (var start = 0; start < 10; start++)
        {
            using var queue = Open(folder.Path);
            Assert.Equal("long", queue.Next(stay: false, () => { }, CancellationToken.None)?.Id);
            // By turns: it writes a checkpoint and is killed, or Ctrl-C ends it before that.
            if (start % 2 == 0)
            {
                Directory.CreateDirectory(folder.File("long/kd/seed1"));
                var checkpoint = folder.File("long/kd/seed1/checkpoint.safetensors");
                File.WriteAllText(checkpoint, "");
                File.SetLastWriteTimeUtc(checkpoint, new DateTime(2026, 1, 1 + start, 0, 0, 0, DateTimeKind.Utc));
            }
            else
            {
                queue.ReleaseCurrent();
            }
        }
    }

    [Fact]
    public void Next_NothingLeft_ClosesTheQueue()
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.Path);
        Assert.Null(queue.Next(stay: false, () => { }, CancellationToken.None));
        Assert.Throws<QueueClosedException>(() => queue.Add(new Dictionary<string, string>()));
    }

    [Fact]
    public void Next_TrainerOfAnotherTask_LeavesWhatWaits()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "one" });
        using (var labeler = Open(folder.Path, task: "label"))
        {
            Assert.Null(labeler.Next(stay: true, () => { }, CancellationToken.None));
            Assert.Contains("Run:Task", Assert.Throws<QueueClosedException>(() => labeler.Add(new Dictionary<string, string>())).Message);
        }

        using var next = Open(folder.Path);
        Assert.Equal(["one"], next.Runs.Select(run => run.Id));
    }

    [Fact]
    public void Next_NoFolder_IsNoMistake()
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.File("absent"));
        Assert.Null(queue.Next(stay: false, () => { }, CancellationToken.None));
    }

    [Theory]
    [InlineData("same", "same", true)]
    [InlineData("same", "other", false)]
    [InlineData(null, null, false)]
    public void EndCommand_StartedAgain_IsKnownInTheSameStartOfTheHostOnly(string? before, string? now, bool expected)
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path, before))
        {
            first.MarkCommandDone();
            first.Add(new Dictionary<string, string>());
        }

        using var second = Open(folder.Path, now);
        Assert.Equal(expected, second.IsCommandDone);
        Assert.Single(second.Runs);
    }

    [Fact]
    public void Add_SecondTrainerOnTheFolder_IsRefusedWhileTheFirstLives()
    {
        using var folder = TestFiles.CreateFolder();
        var first = Open(folder.Path);
        first.Add(new Dictionary<string, string> { ["Run:Id"] = "one" });
        using var second = Open(folder.Path);
        var error = Assert.Throws<TrainingException>(() => second.Add(new Dictionary<string, string> { ["Run:Id"] = "two" }));
        Assert.Contains("Another trainer keeps the queue", error.Message);
        Assert.Empty(second.Runs);

        // Killed: what waits is not lost, whoever of the two comes next.
        first.Dispose();
        second.Add(new Dictionary<string, string> { ["Run:Id"] = "two" });
        Assert.Equal(["one", "two"], second.Runs.Select(run => run.Id));
        using var third = Open(folder.Path);
        Assert.Empty(third.Runs);
        Assert.Null(third.Next(stay: false, () => { }, CancellationToken.None));
        second.Dispose();
        using var fourth = Open(folder.Path);
        Assert.Equal(["one", "two"], fourth.Runs.Select(run => run.Id));
    }

    [Fact]
    public void Next_SecondTrainerThatOutlivesTheFirst_LeavesWhatWaits()
    {
        using var folder = TestFiles.CreateFolder();
        var first = Open(folder.Path);
        first.Add(new Dictionary<string, string> { ["Run:Id"] = "one" });
        using (var second = Open(folder.Path))
        {
            first.Dispose();
            Assert.Null(second.Next(stay: false, () => { }, CancellationToken.None));
        }

        using var next = Open(folder.Path);
        Assert.Equal(["one"], next.Runs.Select(run => run.Id));
    }

    // The next trainer may be started with other settings.
    [Fact]
    public void Add_ThenTrainerWithOtherSettings_RunsWithThoseOfTheFirst()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path, settings: new() { ["Training:Epochs"] = "7", ["Distillation:Recipe"] = "reference" }))
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "one", ["Training:BatchSize"] = "20" });

        var (configuration, reader) = Read(folder.Path, null, new() { ["Training:Epochs"] = "3", ["Training:Optimizer"] = "adamw" });
        using var second = new RunQueue(configuration, new ConfigurationManager(), reader, new RunMonitor(TimeProvider.System), TimeProvider.System);
        var run = reader.Read(second.Next(stay: false, () => { }, CancellationToken.None)!.AllSettings());

        Assert.Equal(("one", 7, 20, "adam"), (run.Run.Id, run.Training.Epochs, run.Training.BatchSize, run.Training.Optimizer));
    }

    // Killed in its last moments, the trainer must not repeat its run; killed within it, it continues it.
    [Theory]
    [InlineData("same", "same", "x")]
    [InlineData("same", "other", null)]
    [InlineData(null, null, null)]
    public void MarkCommand_ThenClosed_IsKnownInTheSameStartOfTheHostOnly(string? before, string? now, string? run)
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path, before))
            first.MarkCommandRun("x");
        using (var second = Open(folder.Path, now))
        {
            Assert.Equal((run, false), (second.CommandRun, second.IsCommandDone));
            second.MarkCommandDone();
            Assert.Null(second.Next(stay: false, () => { }, CancellationToken.None));
        }

        using (var third = Open(folder.Path, now))
            Assert.Equal(now is not null, third.IsCommandDone);
        using var fourth = Open(folder.Path, "another");
        Assert.False(fourth.IsCommandDone);
    }

    [Fact]
    public void Next_LabelingThatIsKilledOften_StaysInTheQueue()
    {
        using var folder = TestFiles.CreateFolder();
        using (var first = Open(folder.Path))
            first.Add(new Dictionary<string, string> { ["Run:Id"] = "labels", ["Run:Task"] = "label" });
        for (var start = 0; start < 6; start++)
        {
            using var queue = Open(folder.Path);
            Assert.Equal("labels", queue.Next(stay: false, () => { }, CancellationToken.None)?.Id);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ half")]
    [InlineData("\0\0\0\0")]
    [InlineData("""{"runs": null}""")]
    [InlineData("""{"runs": [{"id": "one", "settings": null}]}""")]
    [InlineData("""{"runs": [{"id": "one", "settings": {}, "resolved": null}]}""")]
    [InlineData("""{"runs": [null]}""")]
    public void Open_DamagedFile_SetsItAsideAndSaysSo(string content)
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllText(folder.File("queue.json"), content);
        var monitor = new RunMonitor(TimeProvider.System);

        using var queue = Open(folder.Path, monitor: monitor);

        Assert.Empty(queue.Runs);
        Assert.Contains("queue.json.damaged", Assert.Single(monitor.Lines));
        Assert.Equal(content, File.ReadAllText(folder.File("queue.json.damaged")));
        Assert.Equal("next", queue.Add(new Dictionary<string, string> { ["Run:Id"] = "next" }).Id);
    }

    [Theory]
    [InlineData("Training:Epochs", "many", "Training:Epochs is 'many', expected a value of the type Int32.")]
    [InlineData("Training:Epochz", "3", "Training:Epochz is not a setting.")]
    [InlineData("Epochs", "3", "Epochs is not a setting of a run.")]
    [InlineData("Agent:StateFolder", "/", "Agent:StateFolder is not a setting of a run.")]
    [InlineData("Run:Folder", "/", "Run:Folder is set when the trainer starts")]
    [InlineData("dataset:path", "/", "dataset:path is set when the trainer starts")]
    [InlineData("Run:Id", "../up", "Run:Id is '../up'. Use 1 to 80 letters")]
    [InlineData("Distillation:Temperature", "40", "Distillation:Temperature is '40'.")]
    public void Add_WrongSetting_IsRefusedByNameAndValue(string name, string value, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        using var queue = Open(folder.Path);
        Assert.StartsWith(
            expected,
            Assert.Single(Assert.Throws<SettingsException>(() => queue.Add(new Dictionary<string, string> { [name] = value })).Problems).Message
        );
        Assert.Empty(queue.Runs);
    }

    private static RunQueue Open(
        string folder,
        string? start = null,
        string task = "train",
        RunMonitor? monitor = null,
        Dictionary<string, string?>? settings = null
    )
    {
        var (configuration, reader) = Read(folder, start, settings ?? []);
        configuration.Run.Task = task;
        var host = new ConfigurationBuilder().AddInMemoryCollection([new(SharedNames.HostStart, start)]).Build();
        return new RunQueue(configuration, host, reader, monitor ?? new RunMonitor(TimeProvider.System), TimeProvider.System);
    }

    private static (RunConfiguration Configuration, RunConfigurationReader Reader) Read(string folder, string? start, Dictionary<string, string?> settings)
    {
        var all = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["Run:Folder"] = folder, [SharedNames.HostStart] = start })
            .AddInMemoryCollection(settings)
            .Build();
        var reader = new RunConfigurationReader(all);
        return (reader.Read(new Dictionary<string, string>()), reader);
    }
}
