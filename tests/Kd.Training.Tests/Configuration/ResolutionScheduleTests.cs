using Kd.Training.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class ResolutionScheduleTests
{
    [Theory]
    [InlineData(0, 0.625)]
    [InlineData(0.24, 0.625)]
    [InlineData(0.25, 0.75)]
    [InlineData(0.5, 1)]
    [InlineData(1, 1)]
    public void ScaleAt_TwoStages_EndsAtTheFullSize(double progress, double expected)
    {
        Assert.True(ResolutionSchedule.TryParse("0.625:0.25, 0.75:0.5", out var schedule));
        Assert.Equal(expected, schedule.ScaleAt(progress));
    }

    [Fact]
    public void ScaleAt_NoStage_IsTheFullSize()
    {
        Assert.True(ResolutionSchedule.TryParse("", out var schedule));
        Assert.Equal(1, schedule.ScaleAt(0));
    }

    [Theory]
    [InlineData("0.5")]
    [InlineData("0:0.5")]
    [InlineData("1.5:0.5")]
    [InlineData("0.5:0.5,0.75:0.5")]
    [InlineData("0.5:half")]
    [InlineData("0.5:0.2:0.3")]
    public void TryParse_Mistake_IsRefused(string text) => Assert.False(ResolutionSchedule.TryParse(text, out _));

    [Theory]
    [InlineData(0.625, 32, 20)]
    [InlineData(0.625, 224, 140)]
    [InlineData(0.1, 32, 8)]
    [InlineData(0.99, 32, 32)]
    [InlineData(1, 30, 30)]
    public void ToSize_Share_IsAMultipleOfFourUpToTheSize(double scale, int size, int expected) =>
        Assert.Equal(expected, ResolutionSchedule.ToSize(scale, size));
}
