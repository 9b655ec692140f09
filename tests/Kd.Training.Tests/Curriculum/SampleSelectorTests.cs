using FsCheck;
using FsCheck.Fluent;
using Kd.Protocol.Curriculum.V1;
using Kd.Training.Curriculum;

namespace Kd.Training.Tests.Curriculum;

public sealed class SampleSelectorTests
{
    private static readonly Strategy[] s_strategies = [Strategy.EasyToHard, Strategy.HardMining, Strategy.Mixed, Strategy.Adaptive, Strategy.Random];

    [Fact]
    public void Select_AnyEpoch_HasExactlyTheSizeAskedForAndNoSampleTwice()
    {
        var epochs =
            from strategy in Gen.Elements(s_strategies)
            from threshold in Gen.Elements(0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
            from percent in Gen.Choose(1, 100)
            from samples in Gen.Choose(1, 400)
            from seed in Gen.Choose(0, int.MaxValue)
            select (strategy, threshold, ratio: percent / 100.0, samples, seed: (ulong)seed);
        Prop.ForAll(
                epochs.ToArbitrary(),
                epoch =>
                {
                    var difficulty = Difficulty(epoch.samples, epoch.seed);
                    var chosen = SampleSelector.Select(epoch.strategy, epoch.threshold, epoch.ratio, difficulty, epoch.seed);
                    var expected = Math.Clamp((int)Math.Round(epoch.ratio * epoch.samples), 1, epoch.samples);
                    return (
                        chosen.Length == expected && chosen.Distinct().Count() == expected && chosen.All(sample => sample >= 0 && sample < epoch.samples)
                    ).Label($"{epoch}: {chosen.Length} samples, {chosen.Distinct().Count()} distinct, expected {expected}");
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Select_SameSeed_ChoosesTheSameInTheSameOrder()
    {
        foreach (var strategy in s_strategies)
        {
            int[] Choose(ulong seed) => SampleSelector.Select(strategy, 0.5, 0.7, Difficulty(200, 3), seed);
            Assert.Equal(Choose(11), Choose(11));
            Assert.NotEqual(Choose(11), Choose(12));
        }
    }

    // Where no fifth runs short, the fifths get their weights: 5,3,2,1,1 to the strategy's exponent.
    [Theory]
    [InlineData(nameof(Strategy.EasyToHard), 1.0, new[] { 5.0, 3, 2, 1, 1 }, 1.0)]
    [InlineData(nameof(Strategy.HardMining), 0.25, new[] { 1.0, 1, 2, 3, 5 }, 1.5)]
    [InlineData(nameof(Strategy.HardMining), 0.5, new[] { 1.0, 1, 2, 3, 5 }, 2.0)]
    [InlineData(nameof(Strategy.Mixed), 0.25, new[] { 5.0, 3, 2, 1, 1 }, 1.5)]
    [InlineData(nameof(Strategy.Mixed), 1.0, new[] { 1.0, 1, 2, 3, 5 }, 2.0)]
    public void Select_SmallEpoch_FollowsTheWeights(string strategy, double threshold, double[] weights, double exponent)
    {
        var powers = weights.Select(weight => Math.Pow(weight, exponent)).ToArray();
        var perFifth = PerFifth(SampleSelector.Select(Enum.Parse<Strategy>(strategy), threshold, 0.2, Ascending(1000), 5), 1000);
        for (var fifth = 0; fifth < 5; fifth++)
            Assert.Equal(200 * powers[fifth] / powers.Sum(), perFifth[fifth], 1.0);
    }

    [Theory]
    [InlineData(nameof(Strategy.HardMining), 0.0)]
    [InlineData(nameof(Strategy.Mixed), 0.5)]
    [InlineData(nameof(Strategy.Random), 0.9)]
    public void Select_WithoutPreference_IsUniform(string strategy, double threshold)
    {
        var perFifth = PerFifth(SampleSelector.Select(Enum.Parse<Strategy>(strategy), threshold, 0.7, Ascending(10_000), 5), 10_000);
        Assert.All(perFifth, count => Assert.InRange(count, 1300, 1500));
    }

    [Fact]
    public void Select_EasyToHardThatStarts_StaysInTheEasierHalf() =>
        Assert.True(SampleSelector.Select(Strategy.EasyToHard, 0, 0.4, Ascending(1000), 5).Max() < 500);

    // The reference cuts its window off at the edges and delivers less; here it is moved inside.
    [Theory]
    [InlineData(0.0, 0)]
    [InlineData(0.5, 150)]
    [InlineData(1.0, 300)]
    public void Select_Adaptive_IsAWindowAroundTheThreshold(double threshold, int first)
    {
        var chosen = SampleSelector.Select(Strategy.Adaptive, threshold, 0.7, Ascending(1000), 5).Order();
        Assert.Equal(Enumerable.Range(first, 700), chosen);
    }

    // 9:3:1:1:1 of 300 is 180, 60, 20, 20, 20; the first fifth has 100 places, the second takes 40 of its rest, the third the other 40.
    [Fact]
    public void Allocate_AFifthRunsShort_HandsItsRestToItsNeighbours() =>
        Assert.Equal([100, 100, 60, 20, 20], SampleSelector.Allocate([9, 3, 1, 1, 1], [100, 100, 100, 100, 100], 300));

    [Fact]
    public void Allocate_TheMiddleRunsShort_BothSidesShare() =>
        Assert.Equal([10, 35, 30, 35, 10], SampleSelector.Allocate([1, 1, 8, 1, 1], [100, 100, 30, 100, 100], 120));

    // The higher the threshold, the harder the mean of what is chosen; never by chance easier than a sample's spread over so many.
    [Fact]
    public void Select_GrowingThreshold_ShiftsTowardHard()
    {
        var settings =
            from strategy in Gen.Elements(Strategy.EasyToHard, Strategy.HardMining, Strategy.Mixed, Strategy.Adaptive)
            from percent in Gen.Choose(5, 95)
            from samples in Gen.Choose(400, 4000)
            from seed in Gen.Choose(0, int.MaxValue)
            select (strategy, ratio: percent / 100.0, samples, seed: (ulong)seed);
        Prop.ForAll(
                settings.ToArbitrary(),
                epoch =>
                {
                    double Mean(double threshold) =>
                        SampleSelector
                            .Select(epoch.strategy, threshold, epoch.ratio, Ascending(epoch.samples), epoch.seed)
                            .Average(sample => sample / (double)epoch.samples);
                    var means = new[] { 0, 0.125, 0.25, 0.5, 0.75, 0.875, 1 }.Select(Mean).ToList();
                    var noise = 1 / Math.Sqrt(epoch.ratio * epoch.samples);
                    return (means.Zip(means.Skip(1)).All(pair => pair.Second > pair.First - noise) && means[^1] > means[0] - 1e-9).Label(
                        $"{epoch}: {string.Join(' ', means.Select(mean => $"{mean:F3}"))}"
                    );
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    [Fact]
    public void Select_RandomStrategy_IgnoresTheThreshold() =>
        Assert.Equal(SampleSelector.Select(Strategy.Random, 0, 0.6, Ascending(500), 4), SampleSelector.Select(Strategy.Random, 1, 0.6, Ascending(500), 4));

    private static float[] Ascending(int samples) => [.. Enumerable.Range(0, samples).Select(i => i / (float)samples)];

    private static float[] Difficulty(int samples, ulong seed) =>
        [.. Enumerable.Range(0, samples).Select(i => (float)((ulong)i * 2654435761 + seed & 0xFF) / 255)];

    private static int[] PerFifth(int[] chosen, int samples) =>
        [.. Enumerable.Range(0, 5).Select(fifth => chosen.Count(sample => sample * 5 / samples == fifth))];
}
