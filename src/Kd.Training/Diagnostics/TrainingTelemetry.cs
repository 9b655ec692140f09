using System.Diagnostics;

namespace Kd.Training.Diagnostics;

/// <summary>Starts the spans of training, and names their attributes.</summary>
internal static class TrainingTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string SourceName = "Kd.Training";

    /// <summary>Attributes of spans, metrics and log messages: id of the run, method, index of the epoch from 0.</summary>
    public const string RunId = "kd.run.id",
        RunMethod = "kd.run.method",
        RunEpoch = "kd.run.epoch";

    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Starts a child of the current span with the same run attributes.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    public static Activity? Start(string name)
    {
        var activity = Source.StartActivity(name);
        return activity?.Parent is { } parent ? activity.InheritRun(parent) : activity;
    }

    /// <summary>Starts a span of a run.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="runId">Id of the run.</param>
    /// <param name="method">Method of the run.</param>
    public static Activity? Start(string name, string runId, string method) => Source.StartActivity(name)?.SetTag(RunId, runId).SetTag(RunMethod, method);

    /// <summary>Records a child of the current span that has already ended.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="end">Time at which it ended.</param>
    /// <param name="duration">Duration of the span.</param>
    public static void Record(string name, DateTimeOffset end, TimeSpan duration)
    {
        using var activity = Source.StartActivity(ActivityKind.Internal, startTime: end - duration, name: name);
        activity?.SetEndTime(end.UtcDateTime);
        if (activity?.Parent is { } parent)
            activity.InheritRun(parent);
    }

    /// <summary>Excludes everything from the trace, here and in called services, until the result is disposed.</summary>
    public static Activity? Suppress()
    {
        if (Activity.Current is not { } parent)
            return null;
        var quiet = new Activity("quiet");
        quiet.SetParentId(parent.TraceId, parent.SpanId, ActivityTraceFlags.None);
        return quiet.Start();
    }

    /// <summary>Decides whether a step is traced: about 20 steps of an epoch, fewer in runs of many epochs.</summary>
    /// <remarks>This keeps a long run within the 100,000 spans that the dashboard keeps.</remarks>
    public static bool IsTraced(int step, int steps, int epochs)
    {
        var wanted = Math.Clamp(2000 / Math.Max(1, epochs), 1, 20);
        return step % Math.Max(1, (steps + wanted - 1) / wanted) == 0;
    }

    private static Activity InheritRun(this Activity activity, Activity parent) =>
        activity.SetTag(RunId, parent.GetTagItem(RunId)).SetTag(RunMethod, parent.GetTagItem(RunMethod)).SetTag(RunEpoch, parent.GetTagItem(RunEpoch));
}
