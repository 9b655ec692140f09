using System.Diagnostics.Metrics;

namespace Kd.ServiceDefaults.Telemetry;

/// <summary>Histograms of durations.</summary>
public static class DurationHistogram
{
    // OpenTelemetry's default boundaries are meant for milliseconds: all of our seconds would fall into the first bucket.
    private static readonly InstrumentAdvice<double> s_advice = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    };

    /// <summary>Creates a histogram in seconds, with buckets from 1 ms to 10 s.</summary>
    /// <param name="meter">The meter that owns it.</param>
    /// <param name="name">Name of the instrument.</param>
    /// <param name="description">What it measures.</param>
    public static Histogram<double> CreateDurationHistogram(this Meter meter, string name, string description) =>
        meter.CreateHistogram(name, "s", description, tags: null, s_advice);
}
