using Kd.Settings;
using Kd.Training.Students;

namespace Kd.Training.Tests.Students;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(0, 0.001)]
    [InlineData(0.1, 0.0505)]
    [InlineData(0.2, 0.1)]
    [InlineData(0.6, 0.055)]
    [InlineData(1, 0.01)]
    public void At_Cosine_WarmsUpAndFallsAlongAHalfCosine(double progress, double expected) =>
        Assert.Equal(expected, LearningRateSchedule.At(Options("cosine"), progress), 1e-9);

    [Theory]
    [InlineData(0, 0.001)]
    [InlineData(0.2, 0.0505)]
    [InlineData(0.4, 0.1)]
    [InlineData(0.55, 0.0775)]
    [InlineData(1, 0.01)]
    public void At_OneCycle_RisesAndFallsAlongLines(double progress, double expected) =>
        Assert.Equal(expected, LearningRateSchedule.At(Options("one-cycle"), progress), 1e-9);

    private static TrainingOptions Options(string schedule) =>
        new()
        {
            Epochs = 10,
            LearningRate = 0.1,
            FinalLearningRate = 0.01,
            Schedule = schedule,
            WarmupEpochs = 2,
            WarmupShare = 0.4,
        };
}
