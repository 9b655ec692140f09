using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Runs;

namespace Kd.CurriculumAgent.Tests.Policies;

public sealed class PolicyTests
{
    private const int Epochs = 16;

    [Fact]
    public void Schedule_OverARun_RisesFromZeroByItsShape()
    {
        Assert.Equal(
            Enumerable.Range(0, Epochs).Select(epoch => (double)epoch / Epochs),
            Run(new PolicySpecification { Kind = PolicyKind.Schedule }).Select(target => target.Threshold)
        );
        var cosine = Run(new PolicySpecification { Kind = PolicyKind.Schedule, Cosine = true }).Select(target => target.Threshold).ToList();
        Assert.Equal(0, cosine[0]);
        Assert.Equal(0.5, cosine[Epochs / 2], 1e-12);
        Assert.True(cosine[1] < 1.0 / Epochs && cosine.Zip(cosine.Skip(1)).All(pair => pair.First < pair.Second));
    }

    [Fact]
    public void Fixed_OverARun_ChangesNothing() =>
        Assert.Equal([new EpochTarget(4, 0.3, 0.7, 0)], Run(new PolicySpecification { Kind = PolicyKind.Fixed, Threshold = 0.3 }).Distinct());

    [Fact]
    public void None_OverARun_VisitsEverything() =>
        Assert.All(
            Run(new PolicySpecification { Kind = PolicyKind.None }),
            target => Assert.Equal((4, 1, 0), (target.Temperature, target.EpochRatio, target.PruneProbability))
        );

    // 16 epochs, pruned until 0.875 of them are done: 14 epochs; by the reported progress where there is one.
    [Theory]
    [InlineData(false, 14)]
    [InlineData(true, 7)]
    public void InfoBatch_OverARun_PrunesUntilItsShareIsDone(bool twiceAsFast, int expected)
    {
        var targets = Run(
            new PolicySpecification { Kind = PolicyKind.InfoBatch, PruneProbability = 0.4 },
            twiceAsFast ? epoch => Math.Min(1, 2 * (epoch + 1.0) / Epochs) : null
        );
        Assert.Equal(expected, targets.TakeWhile(target => target.PruneProbability == 0.4).Count());
        Assert.All(targets.Skip(expected), target => Assert.Equal(0, target.PruneProbability));
        Assert.All(targets, target => Assert.Equal(1, target.EpochRatio));
        Assert.Equal(twiceAsFast ? Epochs / 2 : Epochs, targets.Count);
    }

    [Theory]
    [InlineData(PolicyKind.RandomAction)]
    [InlineData(PolicyKind.Bandit)]
    [InlineData(PolicyKind.Ppo)]
    public void ActionPolicies_SameSeed_TakeTheSameActionsWithinTheirRange(int kind)
    {
        var specification = new PolicySpecification { Kind = (PolicyKind)kind };
        var targets = Run(specification);
        Assert.Equal(targets, Run(specification));
        Assert.NotEqual(targets, Run(specification, seed: 8));
        Assert.All(targets, target => Assert.Contains(target.Threshold, new[] { 0, 0.25, 0.5, 0.75, 1 }));
        Assert.All(targets, target => Assert.InRange(target.Temperature, 2, 8));
        Assert.All(targets.Zip(targets.Skip(1)), pair => Assert.Contains(pair.Second.Temperature - pair.First.Temperature, new[] { -0.5, 0, 0.5 }));
    }

    [Fact]
    public void RandomAction_ManyEpochs_TakesEveryActionAboutEquallyOften()
    {
        var (policy, environment) = (new RandomActionPolicy(3), new CurriculumEnvironment(100));
        var counts = Enumerable.Range(0, 3000).Select(_ => policy.Decide(new RunView(environment, 0)).Choice!.Action).CountBy(action => action).ToList();
        Assert.Equal(15, counts.Count);
        Assert.All(counts, count => Assert.InRange(count.Value, 140, 260));
    }

    [Fact]
    public void Bandit_OneActionPays_ComesToTakeItMostly()
    {
        var (policy, environment) = (new BanditPolicy(3), new CurriculumEnvironment(1000));
        var paid = new CurriculumAction(2, 1);
        var taken = new List<bool>();
        for (var i = 0; i < 400; i++)
        {
            var decision = policy.Decide(new RunView(environment, 0));
            taken.Add(decision.Choice!.Action == paid);
            policy.Learn(decision, taken[^1] ? 1 : 0, new RunView(environment, 0));
        }

        Assert.InRange(taken.Take(50).Count(hit => hit), 1, 35);
        Assert.InRange(taken.TakeLast(100).Count(hit => hit), 80, 100);
    }

    [Fact]
    public void Report_EpochSetByHand_IsRecordedAndTeachesThePolicyNothing()
    {
        var seeds = Enumerable.Range(1, 20).ToList();
        var manual = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(41, 2, 0.4, ManualTemperature: 7, ManualThreshold: 0.4)));
        var manualPunished = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(30, 2, 0.4, ManualTemperature: 7, ManualThreshold: 0.4)));
        var decided = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(41, 2, 0.4)));
        var decidedPunished = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(30, 2, 0.4)));

        Assert.All(manual, entry => Assert.Equal(new EpochTarget(7, 0.4, 0.7, 0), entry.Run.History[1].Target));
        Assert.Equal(decided.Select(entry => entry.Answer.Reward), manual.Select(entry => entry.Answer.Reward));
        // The bandit sees rewards only: what it does next can differ by nothing else than what it learnt.
        Assert.Equal(manual.Select(entry => entry.Answer.Target), manualPunished.Select(entry => entry.Answer.Target));
        Assert.NotEqual(decided.Select(entry => entry.Answer.Target), decidedPunished.Select(entry => entry.Answer.Target));
        // The temperature goes on from what was set.
        Assert.All(manual, entry => Assert.InRange(entry.Answer.Target!.Temperature, 6.5, 7.5));

        static (CurriculumRun Run, EpochAnswer Answer) ReportSecond(int seed, EpochResult result)
        {
            var run = new CurriculumRun(
                CreateSettings(seed, updateEvery: 2, new PolicySpecification { Kind = PolicyKind.Bandit }),
                _ => throw new InvalidOperationException()
            );
            run.Report(new EpochResult(40, 2, 0.4));
            return (run, run.Report(result));
        }
    }

    private static List<EpochTarget> Run(PolicySpecification policy, Func<int, double>? progress = null, long seed = 7)
    {
        var run = new CurriculumRun(CreateSettings(seed, updateEvery: 5, policy), _ => throw new InvalidOperationException("no learnt policy here"));
        var targets = new List<EpochTarget> { run.First };
        for (var epoch = 0; epoch < Epochs && !run.IsOver; epoch++)
        {
            if (run.Report(new EpochResult(40 + epoch, 2, 0.4, progress?.Invoke(epoch))).Target is { } next)
                targets.Add(next);
        }

        return targets;
    }

    private static RunSettings CreateSettings(long seed, int updateEvery, PolicySpecification policy) =>
        new()
        {
            RunId = "run",
            Epochs = Epochs,
            InitialTemperature = 4,
            Strategy = 1,
            EpochRatio = 0.7,
            Seed = seed,
            UpdateEvery = updateEvery,
            Policy = policy,
        };
}
