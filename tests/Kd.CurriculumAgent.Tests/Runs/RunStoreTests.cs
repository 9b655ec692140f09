using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Runs;
using Kd.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Tests.Runs;

public sealed class RunStoreTests : IDisposable
{
    private static readonly RunSettings s_settings = new("run-1", 12, 4, 1, 0.7, 5, 0);
    private readonly TemporaryFolder _folder = TestFiles.CreateFolder();

    public void Dispose() => _folder.Dispose();

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

    private RunStore Open(string sub = "") =>
        new(Options.Create(new AgentOptions { StateFolder = Path.Combine(_folder.Path, sub), UpdateEvery = 3 }), NullLogger<RunStore>.Instance);

    private static EpochResult Result(int epoch) => new(40 + 3 * epoch + epoch % 3, 2.5 - 0.1 * epoch, 0.4);
}
