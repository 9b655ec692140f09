using Kd.Tests;
using Kd.Training.Diagnostics;

namespace Kd.Training.Tests.Diagnostics;

public sealed class TelemetryTests
{
    [Theory]
    [InlineData(3, 2, 3)]
    [InlineData(50, 2, 17)]
    [InlineData(10_000, 30, 20)]
    [InlineData(10_000, 1_000, 2)]
    [InlineData(100, 100_000, 1)]
    public void IsTraced_AnyRun_KeepsALongOneWithinWhatADashboardKeeps(int steps, int epochs, int expected) =>
        Assert.Equal(expected, Enumerable.Range(0, steps).Count(step => TrainingTelemetry.IsTraced(step, steps, epochs)));

    [Fact]
    public void Instruments_All_HaveUnitsDescriptionsAndBucketsOfSeconds() =>
        Assert.Equal(11, Instruments.Check(factory => _ = new TrainingMetrics(factory)).Count);
}
