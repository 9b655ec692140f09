using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.TeacherService.Serving;

/// <summary>The service's activity source and instruments.</summary>
internal static class TeacherTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Kd.TeacherService";

    /// <summary>Names of the spans.</summary>
    public const string ReadCache = "read cache",
        Pass = "teacher pass",
        WriteCache = "write cache";

    // A pass has at most Batching:MaxBatch views; 512 and more are rare.
    private static readonly InstrumentAdvice<int> s_batchSizes = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] };

    private static readonly Meter s_meter = new(Name);

    static TeacherTelemetry()
    {
        s_meter.CreateObservableGauge("kd.teacher.queue.length", () => QueueLength(), "{view}", "Views that wait for a pass");
        s_meter.CreateObservableGauge(
            "kd.teacher.cache.available",
            () => CacheAvailable(),
            "1",
            "1 while the shared cache is used, 0 while it is away, too slow or not configured"
        );
    }

    public static ActivitySource Source { get; } = new(Name);

    public static Counter<long> Hits { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.hits", "{view}", "Views answered from the cache");

    public static Counter<long> Misses { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.misses", "{view}", "Views that the cache lacked");

    public static Counter<long> Damaged { get; } =
        s_meter.CreateCounter<long>("kd.teacher.cache.damaged", "{view}", "Cache entries that failed their checksum");

    public static Counter<long> CacheFailures { get; } =
        s_meter.CreateCounter<long>("kd.teacher.cache.failures", "{call}", "Cache calls that failed or were left out while the cache was away");

    public static Counter<long> Refused { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.refused", "{view}", "Entries that the cache had no room for");

    public static Counter<long> Computed { get; } = s_meter.CreateCounter<long>("kd.teacher.images.computed", "{view}", "Views that went through the network");

    public static Histogram<double> PassDuration { get; } = s_meter.CreateDurationHistogram("kd.teacher.pass.duration", "Duration of a forward pass");

    public static Histogram<double> QueueWait { get; } = s_meter.CreateDurationHistogram("kd.teacher.queue.wait", "Time that a view waited for its pass");

    public static Histogram<int> BatchSize { get; } =
        s_meter.CreateHistogram("kd.teacher.batch.size", "{view}", "Views that shared a pass, padding not counted", tags: null, s_batchSizes);

    public static Counter<long> ReceivedBytes { get; } = s_meter.CreateCounter<long>("kd.teacher.received", "By", "Bytes of pixels received");

    public static Counter<long> SentBytes { get; } = s_meter.CreateCounter<long>("kd.teacher.sent", "By", "Bytes of logits sent");

    /// <summary>Says whether the shared cache is used: 1, or 0 while it is away.</summary>
    public static Func<int> CacheAvailable { get; set; } = () => 0;

    /// <summary>Says how many views wait.</summary>
    public static Func<int> QueueLength { get; set; } = () => 0;
}
