using System.Diagnostics;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Diagnostics;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Storage;
using Kd.Settings;
using Kd.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Tests.Runs;

public sealed class RunStoreTests : IDisposable
{
    private static readonly RunSettings s_settings = new()
    {
        RunId = "run-1",
        Epochs = 12,
        InitialTemperature = 4,
        Strategy = 1,
        EpochRatio = 0.7,
        Seed = 5,
        UpdateEvery = 0,
    };
    private readonly MeterFactory _meters = new();
    private readonly TemporaryFolder _folder = TestFiles.CreateFolder();

    public void Dispose()
    {
        _folder.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public void Report_Repeated_GivesTheSameAnswerAndCountsOnce()
    {
        var store = Open();
        store.Start(s_settings);

        var first = store.Report("run-1", 0, Result(0));
        var again = store.Report("run-1", 0, new EpochResult(99, 9, 0.9));
        var second = store.Report("run-1", 1, Result(1));

        Assert.Equal(first, again);
        Assert.NotEqual(first.Answer.Reward, second.Answer.Reward);
    }

    [Fact]
    public void Report_AfterARestartInTheMiddle_GoesOnAsIfNothingHappened()
    {
        var undisturbed = Run(Open("a"), Enumerable.Range(0, 12));

        var before = Run(Open("b"), Enumerable.Range(0, 7));
        var after = Run(Open("b"), Enumerable.Range(7, 5));

        Assert.Equal(undisturbed, before.Concat(after));
        Assert.Null(undisturbed[^1].Target);
        Assert.True(undisturbed.Take(11).Select(answer => answer.Target).Distinct().Count() > 3, "the policy never changed its target");
    }

    [Fact]
    public void Report_MoreRunsThanTheMemoryHolds_GoesOnAsIfNothingHappened()
    {
        var undisturbed = Run(Open("a"), Enumerable.Range(0, 12));

        var store = Open("b");
        var before = Run(store, Enumerable.Range(0, 7));
        for (var other = 0; other < 2 * RunStore.MostInMemory; other++)
            store.Start(s_settings with { RunId = $"other-{other}" });
        var after = Run(store, Enumerable.Range(7, 5));

        Assert.Equal(undisturbed, before.Concat(after));
        Assert.Equal(RunStore.MostInMemory, store.InMemory);
    }

    [Fact]
    public void Report_JournalCutOffInItsLastLine_LosesOnlyThatLine()
    {
        Run(Open(), Enumerable.Range(0, 3));
        var journal = _folder.File("run-1.jsonl");
        File.WriteAllText(journal, File.ReadAllText(journal)[..^9]);

        var store = Open();
        var answer = store.Report("run-1", 2, Result(2)).Answer;

        Assert.Equal(Run(Open("whole"), Enumerable.Range(0, 3))[2], answer);
        Assert.Equal(Run(Open("whole"), Enumerable.Range(3, 1)), Run(Open(), Enumerable.Range(3, 1)));
    }

    // The complete lines must not be written anew: a full disk or a crash in the middle would lose them.
    [Fact]
    public void Report_JournalCutOffInItsLastLine_LeavesTheOthersWhereTheyAre()
    {
        Run(Open(), Enumerable.Range(0, 3));
        var journal = _folder.File("run-1.jsonl");
        var whole = File.ReadAllBytes(journal);
        File.AppendAllText(journal, "{\"half\":\"é");
        // A second name of the file shows whether it was replaced by another.
        var second = _folder.File("second");
        Link(journal, second);

        Open().Report("run-1", 3, Result(3));

        Assert.Equal(whole, File.ReadAllBytes(second)[..whole.Length]);
        Assert.Equal(File.ReadAllBytes(journal), File.ReadAllBytes(second));
    }

    [Fact]
    public void Report_DiskFull_LeavesTheRunAsItWasAndTakesTheReportLater()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        var store = Open();
        store.Start(s_settings);
        var journal = _folder.File("run-1.jsonl");
        File.Move(journal, _folder.File("kept"));
        File.CreateSymbolicLink(journal, "/dev/full");

        Assert.Throws<IOException>(() => store.Report("run-1", 0, Result(0)));

        File.Delete(journal);
        File.Move(_folder.File("kept"), journal);
        Assert.Equal(Run(Open("whole"), Enumerable.Range(0, 1))[0], store.Report("run-1", 0, Result(0)).Answer);
        Assert.Equal(store.Report("run-1", 0, Result(0)).Answer, Open().Report("run-1", 0, Result(0)).Answer);
    }

    [Fact]
    public void Report_EpochLeftOutOrUnknownRun_SaysWhatWasExpected()
    {
        var store = Open();
        store.Start(s_settings);

        Assert.Contains("0 is the next to report", Assert.Throws<RunConflictException>(() => store.Report("run-1", 1, Result(1))).Message);
        Assert.Contains("'other'", Assert.Throws<UnknownRunException>(() => store.Report("other", 0, Result(0))).Message);
        Assert.Throws<RunConflictException>(() => store.Start(s_settings with { Seed = 6 }));
    }

    private List<EpochAnswer> Run(RunStore store, IEnumerable<int> epochs)
    {
        store.Start(s_settings);
        return [.. epochs.Select(epoch => store.Report("run-1", epoch, Result(epoch)).Answer)];
    }

    // Lines as an agent of the first version wrote them.
    [Fact]
    public void Start_JournalOfTheFirstVersion_GoesOn()
    {
        File.WriteAllText(
            _folder.File("run-1.jsonl"),
            """
            {"Start":{"RunId":"run-1","Epochs":12,"InitialTemperature":4,"Strategy":1,"EpochRatio":0.7,"Seed":5,"UpdateEvery":3},"Report":null}
            {"Start":null,"Report":{"Accuracy":40,"Loss":2.5,"Difficulty":0.4}}

            """
        );

        Assert.Equal(Run(Open("new"), Enumerable.Range(0, 3)).Skip(1), Run(Open(), Enumerable.Range(1, 2)));
    }

    [Theory]
    [InlineData("\"Accuracy\":44", "\"Accuracy\":45", "damaged in line 3")]
    [InlineData("\"Version\":3", "\"Version\":9", "of version 9")]
    [InlineData("\"Version\":3", "\"Version", "damaged in line 1")]
    public void Start_JournalDamaged_NamesFileAndLine(string old, string damaged, string expected)
    {
        Run(Open(), Enumerable.Range(0, 3));
        var journal = _folder.File("run-1.jsonl");
        var text = File.ReadAllText(journal);
        File.WriteAllText(journal, text.Replace(old, damaged, StringComparison.Ordinal));

        var error = Assert.Throws<AgentStateException>(() => Open().Report("run-1", 3, Result(3)));

        Assert.Contains(expected, error.Message);
        Assert.Contains("run-1.jsonl", error.Message);
    }

    // The start of a run with the policy ppo-warm, which no longer exists, as the agents that had it wrote it.
    [Fact]
    public void Start_JournalOfAPpoWarmRun_NamesFileAndVersion()
    {
        File.WriteAllText(
            _folder.File("run-1.jsonl"),
            """{"Version":2,"Start":{"RunId":"run-1","Epochs":12,"InitialTemperature":4,"Strategy":1,"EpochRatio":0.7,"Seed":5,"UpdateEvery":3"""
                + ""","Policy":{"Kind":2,"Cosine":false,"Threshold":0,"PruneProbability":0.5,"PruneUntil":0.875,"Learnt":"warm","LearntChecksum":"0f"}"""
                + ""","Density":null},"Report":null,"Sum":"0123456789abcdef"}"""
                + "\n"
        );

        var error = Assert.Throws<AgentStateException>(() => Open().Start(s_settings));

        Assert.Contains("of version 2", error.Message);
        Assert.Contains("run-1.jsonl", error.Message);
    }

    private static void Link(string path, string name)
    {
        using var link = Process.Start("ln", [path, name]);
        link.WaitForExit();
        Assert.SkipUnless(link.ExitCode == 0, "needs hard links");
    }

    private RunStore Open(string sub = "")
    {
        var options = Options.Create(new AgentOptions { StateFolder = Path.Combine(_folder.Path, sub), UpdateEvery = 3 });
        var folder = new AgentFolder(options);
        return new(options, folder, new AgentMetrics(_meters), NullLogger<RunStore>.Instance);
    }

    private static EpochResult Result(int epoch) => new(40 + 3 * epoch + epoch % 3, 2.5 - 0.1 * epoch, 0.4);
}
