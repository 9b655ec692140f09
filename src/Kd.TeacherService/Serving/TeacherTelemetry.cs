using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kd.TeacherService.Serving;

/// <summary>The service's activity source and instruments.</summary>
internal static class TeacherTelemetry
{
    private const string Name = "Kd.TeacherService";

    private static readonly Meter s_meter = new(Name);

    public static ActivitySource Source { get; } = new(Name);

    public static Counter<long> Hits { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.hits", "{view}", "Views answered from the cache");

    public static Counter<long> Misses { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.misses", "{view}", "Views that the cache lacked");

    public static Counter<long> Damaged { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.damaged", "{view}", "Cache entries that failed their checksum");

    public static Counter<long> CacheFailures { get; } = s_meter.CreateCounter<long>("kd.teacher.cache.failures", "{call}", "Cache calls that failed or were left out while the cache was away");

    public static Counter<long> Computed { get; } = s_meter.CreateCounter<long>("kd.teacher.images.computed", "{view}", "Views that went through the network");

    public static Histogram<double> PassDuration { get; } = s_meter.CreateHistogram<double>("kd.teacher.pass.duration", "s", "Duration of a forward pass");

    public static Histogram<double> QueueWait { get; } = s_meter.CreateHistogram<double>("kd.teacher.queue.wait", "s", "Time that a view waited for its pass");

    public static Histogram<int> BatchSize { get; } = s_meter.CreateHistogram<int>("kd.teacher.batch.size", "{view}", "Views that shared a pass, padding not counted");

    public static Counter<long> ReceivedBytes { get; } = s_meter.CreateCounter<long>("kd.teacher.received", "By", "Bytes of pixels received");

    /// <summary>Publishes the length of the queue.</summary>
    public static void ObserveQueue(Func<int> length) => s_meter.CreateObservableGauge("kd.teacher.queue.length", length, "{view}", "Views that wait for a pass");
}
