using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kd.TeacherService.Serving;

/// <summary>The service's activity source and instruments.</summary>
internal static class TeacherTelemetry
{
    private const string Name = "Kd.TeacherService";

    private static readonly Meter s_meter = new(Name);

    static TeacherTelemetry()
    {
        s_meter.CreateObservableGauge("kd.teacher.queue.length", () => QueueLength(), "{view}", "Views that wait for a pass");
        s_meter.CreateObservableGauge("kd.teacher.cache.available", () => CacheAvailable(), "{cache}", "1 while the shared cache is used, 0 while it is away, too slow or not configured");
    }

    public static ActivitySource Source { get; } = new(Name);

    public static Counter<long> Hits { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.hits", "{view}", "Views answered from the cache");

    public static Counter<long> Misses { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.misses", "{view}", "Views that the cache lacked");

    public static Counter<long> Damaged { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.damaged", "{view}", "Cache entries that failed their checksum");

    public static Counter<long> CacheFailures { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.failures", "{call}", "Cache calls that failed or were left out while the cache was away");

    public static Counter<long> Refused { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.refused", "{view}", "Entries that the cache had no room for");

    public static Counter<long> Computed { get; } = s_meter.CreateCounter<long>("kd.teacher.images.computed", "{view}", "Views that went through the network");

    public static Histogram<double> PassDuration { get; } = s_meter.CreateHistogram<double>("kd.teacher.pass.duration", "s", "Duration of a forward pass");

    public static Histogram<double> QueueWait { get; } = s_meter.CreateHistogram<double>("kd.teacher.queue.wait", "s", "Time that a view waited for its pass");

    public static Histogram<int> BatchSize { get; } = s_meter.CreateHistogram<int>("kd.teacher.batch.size", "{view}", "Views that shared a pass, padding not counted");

    public static Counter<long> ReceivedBytes { get; } = s_meter.CreateCounter<long>("kd.teacher.received", "By", "Bytes of pixels received");

    public static Counter<long> SentBytes { get; } = s_meter.CreateCounter<long>("kd.teacher.sent", "By", "Bytes of logits sent");

    /// <summary>Says whether the shared cache is used: 1, or 0 while it is away.</summary>
    public static Func<int> CacheAvailable { get; set; } = () => 0;

    /// <summary>Says how many views wait.</summary>
    public static Func<int> QueueLength { get; set; } = () => 0;
}
