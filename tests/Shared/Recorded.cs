using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Kd.Tests;

/// <summary>The spans that end while this lives.</summary>
internal sealed class RecordedSpans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    /// <param name="sample">What is kept of a span, by the context of its parent.</param>
    /// <param name="sources">Names of the activity sources.</param>
    public RecordedSpans(Func<ActivityContext, ActivitySamplingResult> sample, params string[] sources)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => sample(options.Parent),
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IReadOnlyCollection<Activity> All => _spans;

    public void Dispose() => _listener.Dispose();
}

internal static class Instruments
{
    /// <summary>The instruments of a class, all of which have a unit and a description, and histograms of durations from 1 ms to 10 s.</summary>
    public static IReadOnlyList<Instrument> Check(Type telemetry, string meter)
    {
        var instruments = new ConcurrentBag<Instrument>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        RuntimeHelpers.RunClassConstructor(telemetry.TypeHandle);
        meters.Start();
        var own = instruments.Where(instrument => instrument.Meter.Name == meter).ToList();
        Assert.All(own, instrument => Assert.True(instrument is { Unit.Length: > 0, Description.Length: > 0 }, instrument.Name));
        Assert.All(
            own.OfType<Histogram<double>>(),
            histogram => Assert.Equal((0.001, 10), (histogram.Advice!.HistogramBucketBoundaries![0], histogram.Advice.HistogramBucketBoundaries[^1]))
        );
        return own;
    }
}
