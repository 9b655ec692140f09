using Kd.Protocol.Curriculum.V1;
using Kd.Training.Curriculum;

namespace Kd.Training.Tests.Curriculum;

public sealed class RankSamplerTests
{
    private static readonly RankDensity s_hard = new()
    {
        Uniform = 0.2,
        A = 3,
        B = 1,
    };

    [Theory]
    [InlineData(1, 100)]
    [InlineData(0.7, 70)]
    [InlineData(0.001, 1)]
    public void Select_AnyRatio_HasExactlyThatSizeAndNoSampleTwice(double ratio, int expected)
    {
        foreach (var density in new[] { null, s_hard })
        {
            var chosen = RankSampler.Select(density, ratio, Measured(100), 5);
            Assert.Equal(expected, chosen.Length);
            Assert.Equal(expected, chosen.Distinct().Count());
        }
    }

    [Fact]
    public void Select_Everything_HasTheOrderOfNoCurriculumWhateverTheDensity()
    {
        var plain = RankSampler.Select(null, 1, new SampleDifficulty(100, 0.5), 5);
        Assert.Equal(plain, RankSampler.Select(s_hard, 1, Measured(100), 5));
        Assert.NotEqual(plain, RankSampler.Select(null, 1, Measured(100), 6));
    }

    // Samples that were never measured are not withheld: half of 100 are new, and all of them are among 60.
    [Fact]
    public void Select_SamplesNeverMeasured_ComeFirst()
    {
        var difficulty = new SampleDifficulty(100, 0.5);
        difficulty.Record(0, [.. Enumerable.Range(0, 50)], [.. Enumerable.Range(0, 50).Select(i => i / 50f)]);
        var chosen = RankSampler.Select(null, 0.6, difficulty, 5);
        Assert.Equal(50, chosen.Count(sample => sample >= 50));
        Assert.Equal(10, chosen.Count(sample => sample < 50));
    }

    // Small samples follow the density: the inclusion by tenths of the ranks against its integral.
    [Fact]
    public void Select_SmallEpochs_FollowTheDensity()
    {
        const int samples = 1000,
            epochs = 2000;
        var tenths = new double[10];
        var difficulty = Measured(samples);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            foreach (var sample in RankSampler.Select(s_hard, 0.01, difficulty, (ulong)epoch))
                tenths[sample / 100]++;
        }

        for (var tenth = 0; tenth < 10; tenth++)
        {
            var (from, to) = (tenth / 10.0, (tenth + 1) / 10.0);
            // The integral of 0.2 + 0.8 * 3 x^2.
            var expected = 0.2 * (to - from) + 0.8 * (Math.Pow(to, 3) - Math.Pow(from, 3));
            Assert.Equal(expected, tenths[tenth] / (10 * epochs), 0.012);
        }
    }

    // Sample i has rank i.
    private static SampleDifficulty Measured(int samples)
    {
        var difficulty = new SampleDifficulty(samples, 0.5);
        difficulty.Record(0, [.. Enumerable.Range(0, samples)], [.. Enumerable.Range(0, samples).Select(i => (float)i / samples)]);
        return difficulty;
    }
}
