using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Kd.StudentTrainer.Diagnostics;

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
    public void Instruments_All_HaveUnitsDescriptionsAndBucketsOfSeconds()
    {
        var instruments = new ConcurrentBag<Instrument>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        RuntimeHelpers.RunClassConstructor(typeof(TrainerTelemetry).TypeHandle);
        meters.Start();

        var own = instruments.Where(instrument => instrument.Meter.Name == TrainerTelemetry.SourceName).ToList();

        Assert.Equal(11, own.Count);
        Assert.All(own, instrument => Assert.True(instrument is { Unit.Length: > 0, Description.Length: > 0 }, instrument.Name));
        Assert.All(own.OfType<Histogram<double>>(), histogram => Assert.Equal((0.001, 10), (histogram.Advice!.HistogramBucketBoundaries![0], histogram.Advice.HistogramBucketBoundaries[^1])));
    }
}
