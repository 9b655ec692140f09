using System.Diagnostics.Metrics;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.TeacherService.Diagnostics;

/// <summary>The service's instruments.</summary>
internal sealed class TeacherMetrics
{
    // A pass has at most Batching:MaxBatch views; 512 and more are rare.
    private static readonly InstrumentAdvice<int> s_batchSizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] };

    private readonly Meter _meter;

    public TeacherMetrics(IMeterFactory factory)
    {
        _meter = factory.Create(TeacherTelemetry.Name);
        CacheHits = _meter.CreateCounter<long>("kd.teacher.cache.hits", "{view}", "Views answered from the cache");
        CacheMisses = _meter.CreateCounter<long>("kd.teacher.cache.misses", "{view}", "Views that the cache lacked");
        CacheDamaged = _meter.CreateCounter<long>("kd.teacher.cache.damaged", "{view}", "Cache entries that failed their checksum");
        CacheFailures = _meter.CreateCounter<long>("kd.teacher.cache.failures", "{call}", "Cache calls that failed or were left out while the cache was away");
        CacheRefused = _meter.CreateCounter<long>("kd.teacher.cache.refused", "{view}", "Entries that the cache had no room for");
        Computed = _meter.CreateCounter<long>("kd.teacher.images.computed", "{view}", "Views that went through the network");
        PassDuration = _meter.CreateDurationHistogram("kd.teacher.pass.duration", "Duration of a forward pass");
        QueueWait = _meter.CreateDurationHistogram("kd.teacher.queue.wait", "Time that a view waited for its pass");
        BatchSize = _meter.CreateHistogram("kd.teacher.batch.size", "{view}", "Views that shared a pass, padding not counted", tags: null, s_batchSizes);
        ReceivedBytes = _meter.CreateCounter<long>("kd.teacher.received", "By", "Bytes of pixels received");
        SentBytes = _meter.CreateCounter<long>("kd.teacher.sent", "By", "Bytes of logits sent");
    }

    public Counter<long> CacheHits { get; }

    public Counter<long> CacheMisses { get; }

    public Counter<long> CacheDamaged { get; }

    public Counter<long> CacheFailures { get; }

    public Counter<long> CacheRefused { get; }

    public Counter<long> Computed { get; }

    public Histogram<double> PassDuration { get; }

    public Histogram<double> QueueWait { get; }

    public Histogram<int> BatchSize { get; }

    public Counter<long> ReceivedBytes { get; }

    public Counter<long> SentBytes { get; }

    /// <summary>Registers the gauge of the queue's length.</summary>
    /// <param name="length">Returns the number of views that wait for a pass.</param>
    public void ObserveQueueLength(Func<int> length) => _meter.CreateObservableGauge("kd.teacher.queue.length", length, "{view}", "Views that wait for a pass");

    /// <summary>Registers the gauge of the shared cache's availability.</summary>
    /// <param name="isAvailable">Returns whether the shared cache is used.</param>
    public void ObserveCacheAvailable(Func<bool> isAvailable) =>
        _meter.CreateObservableGauge(
            "kd.teacher.cache.available",
            () => isAvailable() ? 1 : 0,
            "1",
            "1 while the shared cache is used, 0 while it is away, too slow or not configured"
        );
}
