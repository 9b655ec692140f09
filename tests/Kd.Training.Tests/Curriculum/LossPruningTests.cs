using FsCheck;
using FsCheck.Fluent;
using Kd.Core.Randomness;
using Kd.Training.Curriculum;

namespace Kd.Training.Tests.Curriculum;

public sealed class LossPruningTests
{
    [Fact]
    public void Prune_AnyLosses_LeavesOutExactlyItsShareOfThoseBelowTheMean()
    {
        var cases =
            from samples in Gen.Choose(1, 300)
            from unknown in Gen.Choose(0, 300)
            from percent in Gen.Choose(1, 95)
            from seed in Gen.Choose(0, int.MaxValue)
            select (samples, unknown: Math.Min(unknown, samples), probability: percent / 100.0, seed: (ulong)seed);
        Prop.ForAll(
                cases.ToArbitrary(),
                one =>
                {
                    var pruning = new LossPruning(one.samples);
                    var (random, losses) = (new CounterRandom(one.seed, 0), new float[one.samples]);
                    for (var i = 0; i < one.samples; i++)
                        losses[i] = (float)random.NextDouble();
                    var known = Enumerable.Range(one.unknown, one.samples - one.unknown).ToArray();
                    pruning.Record(known, losses.AsSpan(one.unknown));
                    var all = Enumerable.Range(0, one.samples).Reverse().ToArray();

                    var (stays, weights) = pruning.Prune(all, one.probability, one.seed);

                    var low = known.Length == 0 ? [] : known.Where(i => losses[i] < known.Average(k => (double)losses[k])).ToHashSet();
                    var expected = (int)Math.Round(one.probability * low.Count);
                    return (
                        stays.Length == one.samples - expected
                        && all.Except(stays).All(low.Contains)
                        && stays.SequenceEqual(all.Where(stays.Contains))
                        && stays.All(i => weights[i] == (low.Contains(i) ? (float)(1 / (1 - one.probability)) : 1))
                        && pruning.Prune(all, one.probability, one.seed).Samples.SequenceEqual(stays)
                    ).Label($"{one}: {low.Count} low, {one.samples - stays.Length} pruned");
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    // Over many draws the weighted sum is that of all samples: the gradient stays what it was.
    [Fact]
    public void Prune_ManyDraws_KeepsTheMeanOfTheLoss()
    {
        var pruning = new LossPruning(4);
        float[] losses = [1, 2, 3, 10];
        pruning.Record([0, 1, 2, 3], losses);
        var mean = Enumerable
            .Range(0, 4000)
            .Average(seed =>
            {
                var (stays, weights) = pruning.Prune([0, 1, 2, 3], 1.0 / 3, (ulong)seed);
                Assert.Equal(3, stays.Length);
                return stays.Sum(i => weights[i] * losses[i]);
            });
        Assert.Equal(16, mean, 0.1);
    }

    [Fact]
    public void SeenViews_RepeatedAndRestored_CountsEachOnce()
    {
        var seen = new SeenViews(100, 3);
        seen.Add([1, 2, 99], 0);
        seen.Add([1, 2, 99], 2);
        seen.Add([1, 5], 0);
        Assert.Equal(7, seen.Count);

        var again = new SeenViews(100, 3);
        again.Restore(seen.Capture());
        again.Add([1, 2, 99, 6], 2);
        Assert.Equal(8, again.Count);

        var fresh = new SeenViews(100, 0);
        fresh.Add([1, 2], 0);
        fresh.Add([1, 2], 1);
        Assert.Equal(4, fresh.Count);
    }
}
