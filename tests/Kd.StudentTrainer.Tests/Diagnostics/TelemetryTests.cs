using Kd.StudentTrainer.Diagnostics;
using Kd.Tests;

namespace Kd.StudentTrainer.Tests.Diagnostics;

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

    [Fact]
    public void Instruments_All_HaveUnitsDescriptionsAndBucketsOfSeconds() =>
        Assert.Equal(11, Instruments.Check(typeof(TrainerTelemetry), TrainerTelemetry.SourceName).Count);
}
