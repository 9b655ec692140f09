using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.StudentTrainer.Diagnostics;

/// <summary>The service's activity source and instruments.</summary>
internal static class TrainerTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string SourceName = "Kd.StudentTrainer";

    /// <summary>Attributes of spans, metrics and log messages: the run, what its student learns from, the epoch from 0.</summary>
    public const string RunId = "kd.run.id",
        RunMethod = "kd.run.method",
        RunEpoch = "kd.run.epoch";

    private static readonly Meter s_meter = new(SourceName);

    public static ActivitySource Source { get; } = new(SourceName);

    public static Histogram<double> StepDuration { get; } = s_meter.CreateDurationHistogram("kd.training.step.duration", "Duration of a training step");

    public static Histogram<double> WaitDuration { get; } =
        s_meter.CreateDurationHistogram("kd.training.wait.duration", "Time that a step waited for its batch");

    public static Histogram<double> RenderDuration { get; } = s_meter.CreateDurationHistogram("kd.training.render.duration", "Time to render a batch");

    public static Counter<long> Samples { get; } = s_meter.CreateCounter<long>("kd.training.samples", "{sample}", "Samples trained on");

    public static Counter<long> TeacherRetries { get; } = s_meter.CreateCounter<long>("kd.training.teacher.retries", "{call}", "Repeated calls to the teacher");

    public static Gauge<double> EpochLoss { get; } = s_meter.CreateGauge<double>("kd.training.epoch.loss", "1", "Mean training loss of the last epoch");

    public static Gauge<double> EpochAccuracy { get; } =
        s_meter.CreateGauge<double>("kd.training.epoch.accuracy", "%", "Validation accuracy after the last epoch");

    public static Gauge<double> Throughput { get; } =
        s_meter.CreateGauge<double>("kd.training.throughput", "{sample}/s", "Samples trained on by the time of the last epoch's steps and waits");

    public static Gauge<double> Temperature { get; } =
        s_meter.CreateGauge<double>("kd.training.epoch.temperature", "1", "Softmax temperature of the last epoch");

    public static Gauge<double> Threshold { get; } =
        s_meter.CreateGauge<double>("kd.training.epoch.threshold", "1", "Difficulty threshold of the last epoch, 0 to 1");

    public static Gauge<double> Reward { get; } =
        s_meter.CreateGauge<double>("kd.training.epoch.reward", "1", "Reward that the curriculum's policy got for the last epoch");

    /// <summary>The only tag of the instruments.</summary>
    public static KeyValuePair<string, object?> MethodTag(string method) => new(RunMethod, method);

    /// <summary>Starts a span below the current one, whose run it carries too.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    public static Activity? Start(string name)
    {
        var activity = Source.StartActivity(name);
        return activity?.Parent is { } parent ? activity.InheritRun(parent) : activity;
    }

    /// <summary>Starts a span of a run.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="runId">The run.</param>
    /// <param name="method">What its student learns from.</param>
    public static Activity? Start(string name, string runId, string method) => Source.StartActivity(name)?.SetTag(RunId, runId).SetTag(RunMethod, method);

    /// <summary>Records a span below the current one after its end.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="end">When it ended.</param>
    /// <param name="duration">How long it took.</param>
    public static void Record(string name, DateTimeOffset end, TimeSpan duration)
    {
        using var activity = Source.StartActivity(ActivityKind.Internal, startTime: end - duration, name: name);
        activity?.SetEndTime(end.UtcDateTime);
        if (activity?.Parent is { } parent)
            activity.InheritRun(parent);
    }

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

    private static Activity InheritRun(this Activity activity, Activity parent) =>
        activity.SetTag(RunId, parent.GetTagItem(RunId)).SetTag(RunMethod, parent.GetTagItem(RunMethod)).SetTag(RunEpoch, parent.GetTagItem(RunEpoch));
}
