using System.Diagnostics.Metrics;
using Kd.ServiceDefaults.Telemetry;

namespace Kd.Training.Diagnostics;

/// <summary>The metric instruments of training. Their only tag is the method.</summary>
public sealed class TrainingMetrics
{
    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Creates the meter.</param>
    public TrainingMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(TrainingTelemetry.SourceName);
        StepDuration = meter.CreateDurationHistogram("kd.training.step.duration", "Duration of a training step");
        WaitDuration = meter.CreateDurationHistogram("kd.training.wait.duration", "Time that a step waited for its batch");
        RenderDuration = meter.CreateDurationHistogram("kd.training.render.duration", "Time to render a batch");
        Samples = meter.CreateCounter<long>("kd.training.samples", "{sample}", "Samples trained on");
        TeacherRetries = meter.CreateCounter<long>("kd.training.teacher.retries", "{call}", "Repeated calls to the teacher");
        EpochLoss = meter.CreateGauge<double>("kd.training.epoch.loss", "1", "Mean training loss of the last epoch");
        EpochAccuracy = meter.CreateGauge<double>("kd.training.epoch.accuracy", "%", "Validation accuracy after the last epoch");
        Throughput = meter.CreateGauge<double>("kd.training.throughput", "{sample}/s", "Samples trained on by the time of the last epoch's steps and waits");
        Temperature = meter.CreateGauge<double>("kd.training.epoch.temperature", "1", "Softmax temperature of the last epoch");
        Threshold = meter.CreateGauge<double>("kd.training.epoch.threshold", "1", "Difficulty threshold of the last epoch, 0 to 1");
        Reward = meter.CreateGauge<double>("kd.training.epoch.reward", "1", "Reward that the curriculum's policy got for the last epoch");
    }

    internal Histogram<double> StepDuration { get; }

    internal Histogram<double> WaitDuration { get; }

    internal Histogram<double> RenderDuration { get; }

    internal Counter<long> Samples { get; }

    internal Counter<long> TeacherRetries { get; }

    internal Gauge<double> EpochLoss { get; }

    internal Gauge<double> EpochAccuracy { get; }

    internal Gauge<double> Throughput { get; }

    internal Gauge<double> Temperature { get; }

    internal Gauge<double> Threshold { get; }

    internal Gauge<double> Reward { get; }

    /// <summary>Creates the tag of a method.</summary>
    internal static KeyValuePair<string, object?> MethodTag(string method) => new(TrainingTelemetry.RunMethod, method);
}
