using Kd.Core.Randomness;

namespace Kd.Core.Tests.Randomness;

public sealed class CounterRandomTests
{
    // Known answers published with Random123 (kat_vectors, philox4x32 10).
    [Theory]
    [InlineData(0UL, 0UL, 0UL, new[] { 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u })]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, new[] { 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu })]
    [InlineData(0x85a308d3243f6a88UL, 0x0370734413198a2eUL, 0x299f31d0a4093822UL, new[] { 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u })]
    public void Philox_PublishedCounters_GivesPublishedWords(ulong low, ulong high, ulong key, uint[] expected)
    {
        var words = CounterRandom.Philox(low, high, key);

        Assert.Equal(expected, new[] { words[0], words[1], words[2], words[3] });
    }

    [Fact]
    public void NextInt32_ManyDraws_IsUniform()
    {
        var random = new CounterRandom(7, 1);
        var counts = new int[6];
        for (var i = 0; i < 60_000; i++)
            counts[random.NextInt32(6)]++;

        Assert.All(counts, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void NextGaussian_ManyDraws_HasMean0AndDeviation1()
    {
        var random = new CounterRandom(3, 9);
        var values = Enumerable.Range(0, 50_000).Select(_ => random.NextGaussian()).ToArray();

        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(Math.Sqrt(values.Average(value => value * value)), 0.98, 1.02);
    }
}
