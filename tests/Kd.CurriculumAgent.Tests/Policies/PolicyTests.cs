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
        var counts = Enumerable
            .Range(0, 3000)
            .Select(_ => policy.Decide(new RunView(environment, 0)).Choice!.Action)
            .CountBy(action => (action[0], action[1]))
            .ToList();
        Assert.Equal(15, counts.Count);
        Assert.All(counts, count => Assert.InRange(count.Value, 140, 260));
    }

    [Fact]
    public void Bandit_OneActionPays_ComesToTakeItMostly()
    {
        var (policy, environment) = (new BanditPolicy(3), new CurriculumEnvironment(1000));
        var taken = new List<bool>();
        for (var i = 0; i < 400; i++)
        {
            var decision = policy.Decide(new RunView(environment, 0));
            taken.Add(decision.Choice!.Action is [2, 1]);
            policy.Learn(decision, taken[^1] ? 1 : 0, new RunView(environment, 0));
        }

        Assert.InRange(taken.Take(50).Count(hit => hit), 1, 35);
        Assert.InRange(taken.TakeLast(100).Count(hit => hit), 80, 100);
    }

    // The action that pays changes after 100 decisions: only a bandit that forgets follows.
    [Fact]
    public void Bandit_PayingActionChanges_FollowsIfItForgets()
    {
        Assert.InRange(Hits(discount: 0.95), 30, 100);
        Assert.InRange(Hits(discount: 1), 0, 20);

        static int Hits(double discount)
        {
            var (policy, view) = (new BanditPolicy(3, discount), new RunView(new SizeEnvironment(200, 4, [0.5, 0.75, 1]), 0));
            var hits = 0;
            for (var i = 0; i < 200; i++)
            {
                var decision = policy.Decide(view);
                var pays = decision.Size == (i < 100 ? 0.5 : 1);
                hits += i >= 100 && pays ? 1 : 0;
                policy.Learn(decision, (pays ? 1 : 0) / view.Environment.CostOf(decision.Choice!.Action), view);
            }

            return hits;
        }
    }

    [Theory]
    [InlineData(PolicyKind.RandomAction)]
    [InlineData(PolicyKind.Bandit)]
    [InlineData(PolicyKind.Ppo)]
    public void SizePolicies_OverARun_ChangeOnlyTheSizeAndAreDeterministic(int kind)
    {
        var targets = Run();
        Assert.Equal(targets, Run());
        Assert.All(targets, target => Assert.Equal(new EpochTarget(4, 1, 0.7, 0, target.Size), target));
        Assert.Equal([0.5, 0.75, 1], targets.Select(target => target.Size!.Value).Distinct().Order());

        List<EpochTarget> Run()
        {
            var settings = CreateSettings(7, updateEvery: 5, new PolicySpecification { Kind = (PolicyKind)kind }) with { Epochs = 60, Sizes = "0.5,0.75,1" };
            var run = new CurriculumRun(settings);
            var targets = new List<EpochTarget> { run.First };
            for (var i = 0; !run.IsOver; i++)
            {
                var probe = new ProbeResult(10 - 0.1 * i, 9.9 - 0.1 * i, 32, 32);
                if (run.Report(new EpochResult(0, 2, 0.4) { Probe = probe }).Target is { } next)
                    targets.Add(next);
            }

            return targets;
        }
    }

    [Fact]
    public void Standardize_Rewards_HaveMeanZeroAndDeviationOne()
    {
        var scale = new RewardScale();
        double[] rewards = [3, 5, 4, 6, 2, 5, 3, 4, 4, 100];

        var standard = Array.ConvertAll(rewards, scale.Standardize);

        Assert.Equal(0, standard[0]);
        Assert.Equal(Math.Sqrt(0.5), standard[1], 1e-9);
        Assert.InRange(standard.Skip(2).SkipLast(1).Average(), -0.3, 0.3);
        Assert.InRange(standard[^1], 2, 5);
    }

    [Fact]
    public void Report_EpochSetByHand_TeachesThePolicyNothing()
    {
        var seeds = Enumerable.Range(1, 20).ToList();
        var manual = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(41, 2, 0.4, ManualTemperature: 7, ManualThreshold: 0.4)));
        var manualPunished = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(30, 2, 0.4, ManualTemperature: 7, ManualThreshold: 0.4)));
        var decided = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(41, 2, 0.4)));
        var decidedPunished = seeds.ConvertAll(seed => ReportSecond(seed, new EpochResult(30, 2, 0.4)));

        Assert.Equal(decided.Select(answer => answer.Reward), manual.Select(answer => answer.Reward));
        // The bandit sees rewards only: what it does next can differ by nothing else than what it learnt.
        Assert.Equal(manual.Select(answer => answer.Target), manualPunished.Select(answer => answer.Target));
        Assert.NotEqual(decided.Select(answer => answer.Target), decidedPunished.Select(answer => answer.Target));
        // The temperature goes on from what was set.
        Assert.All(manual, answer => Assert.InRange(answer.Target!.Temperature, 6.5, 7.5));

        static EpochAnswer ReportSecond(int seed, EpochResult result)
        {
            var run = new CurriculumRun(CreateSettings(seed, updateEvery: 2, new PolicySpecification { Kind = PolicyKind.Bandit }));
            run.Report(new EpochResult(40, 2, 0.4));
            return run.Report(result);
        }
    }

    private static List<EpochTarget> Run(PolicySpecification policy, Func<int, double>? progress = null, long seed = 7)
    {
        var run = new CurriculumRun(CreateSettings(seed, updateEvery: 5, policy));
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
