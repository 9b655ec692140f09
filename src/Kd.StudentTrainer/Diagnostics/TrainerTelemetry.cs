using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kd.StudentTrainer.Runs;

/// <summary>The service's activity source and instruments.</summary>
internal static class TrainerTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string SourceName = "Kd.StudentTrainer";

    private static readonly Meter s_meter = new(SourceName);

    public static ActivitySource Source { get; } = new(SourceName);

    public static Histogram<double> StepDuration { get; } = s_meter.CreateHistogram<double>("kd.training.step.duration", "s", "Duration of a training step");

    public static Histogram<double> WaitDuration { get; } = s_meter.CreateHistogram<double>("kd.training.wait.duration", "s", "Time that a step waited for its batch");

    public static Histogram<double> RenderDuration { get; } = s_meter.CreateHistogram<double>("kd.training.render.duration", "s", "Time to render a batch");

    public static Counter<long> Samples { get; } = s_meter.CreateCounter<long>("kd.training.samples", "{sample}", "Samples trained on");

    /// <summary>Keeps what follows out of the trace, here and in the services that are called, until it is disposed.</summary>
    public static Activity? Suppress()
    {
        if (Activity.Current is not { } parent)
            return null;
        var quiet = new Activity("quiet");
        quiet.SetParentId(parent.TraceId, parent.SpanId, ActivityTraceFlags.None);
        return quiet.Start();
    }

    /// <summary>Whether a step of an epoch is traced: about 20 of each, fewer where a run has many epochs, so that a long run stays within what a dashboard keeps (100,000 spans).</summary>
    public static bool IsTraced(int step, int steps, int epochs)
    {
        var wanted = Math.Clamp(2000 / Math.Max(1, epochs), 1, 20);
        return step % Math.Max(1, (steps + wanted - 1) / wanted) == 0;
    }

    public static Counter<long> TeacherRetries { get; } = s_meter.CreateCounter<long>("kd.training.teacher.retries", "{call}", "Repeated calls to the teacher");
}
