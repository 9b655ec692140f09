using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kd.Tests;

/// <summary>Records the spans that end until this is disposed.</summary>
internal sealed class RecordedSpans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = [];
    private readonly ActivityListener _listener;

    /// <summary>Starts to listen.</summary>
    /// <param name="sample">Decides by the context of its parent how a span is sampled.</param>
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
    /// <summary>Checks that all instruments of a class have a unit and a description, and all histograms buckets from 1 ms to 10 s.</summary>
    /// <param name="create">Creates the class.</param>
    public static IReadOnlyList<Instrument> Check(Action<IMeterFactory> create)
    {
        var instruments = new ConcurrentBag<Instrument>();
        using var meters = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        using var factory = new MeterFactory();
        create(factory);
        meters.Start();
        var own = instruments.Where(instrument => ReferenceEquals(instrument.Meter.Scope, factory)).ToList();
        Assert.All(own, instrument => Assert.True(instrument is { Unit.Length: > 0, Description.Length: > 0 }, instrument.Name));
        Assert.All(
            own.OfType<Histogram<double>>(),
            histogram => Assert.Equal((0.001, 10), (histogram.Advice!.HistogramBucketBoundaries![0], histogram.Advice.HistogramBucketBoundaries[^1]))
        );
        return own;
    }
}

/// <summary>Creates meters that are not shared with other tests.</summary>
internal sealed class MeterFactory : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(new MeterOptions(options.Name) { Scope = this });
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}
