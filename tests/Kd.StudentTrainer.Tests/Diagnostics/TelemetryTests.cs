using Kd.StudentTrainer.Runs;

namespace Kd.StudentTrainer.Tests.Runs;

public sealed class TelemetryTests
{
    [Theory]
    [InlineData(3, 2, 3)]
    [InlineData(50, 2, 17)]
    [InlineData(10_000, 30, 20)]
    [InlineData(10_000, 1_000, 2)]
    [InlineData(100, 100_000, 1)]
    public void IsTraced_AnyRun_KeepsALongOneWithinWhatADashboardKeeps(int steps, int epochs, int expected) =>
        Assert.Equal(expected, Enumerable.Range(0, steps).Count(step => TrainerTelemetry.IsTraced(step, steps, epochs)));
}
