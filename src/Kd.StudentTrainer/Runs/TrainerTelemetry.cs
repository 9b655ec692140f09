using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kd.StudentTrainer.Runs;

/// <summary>The service's activity source and instruments.</summary>
internal static class TrainerTelemetry
{
    private const string Name = "Kd.StudentTrainer";

    private static readonly Meter s_meter = new(Name);

    public static ActivitySource Source { get; } = new(Name);

    public static Histogram<double> StepDuration { get; } = s_meter.CreateHistogram<double>("kd.training.step.duration", "s", "Duration of a training step");

    public static Histogram<double> WaitDuration { get; } = s_meter.CreateHistogram<double>("kd.training.wait.duration", "s", "Time that a step waited for its batch");

    public static Histogram<double> RenderDuration { get; } = s_meter.CreateHistogram<double>("kd.training.render.duration", "s", "Time to render a batch");

    public static Counter<long> Samples { get; } = s_meter.CreateCounter<long>("kd.training.samples", "{sample}", "Samples trained on");

    public static Counter<long> TeacherRetries { get; } = s_meter.CreateCounter<long>("kd.training.teacher.retries", "{call}", "Repeated calls to the teacher");
}
