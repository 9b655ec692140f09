using Kd.Training.Curriculum;

namespace Kd.Training.Tests.Curriculum;

public sealed class SampleDifficultyTests
{
    [Fact]
    public void Mean_BeforeAnyMeasurement_IsOneHalf() => Assert.Equal(0.5, new SampleDifficulty(3, 0.25).Mean);

    [Fact]
    public void Record_SecondTime_MovesTheAverage()
    {
        var difficulty = new SampleDifficulty(3, 0.25);
        difficulty.Record(0, [2, 0], [0.8f, 0.2f]);
        difficulty.Record(1, [2], [0.4f]);
        Assert.Equal([0.2f, 0.5f, 0.7f], difficulty.Values.ToArray());
        Assert.Equal(0.45, difficulty.Mean, 1e-6);
    }

    [Fact]
    public void Stale_AfterSomeEpochs_NamesWhatWasNotMeasuredSince()
    {
        var difficulty = new SampleDifficulty(4, 1);
        difficulty.Record(0, [0, 1, 2, 3], [0, 0, 0, 0]);
        difficulty.Record(2, [1], [0]);
        Assert.Empty(difficulty.FindStale(2, 3));
        Assert.Equal([0, 2, 3], difficulty.FindStale(3, 3));
    }
}
