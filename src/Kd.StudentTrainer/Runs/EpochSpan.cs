using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Diagnostics;

namespace Kd.StudentTrainer.Runs;

/// <summary>The span of an epoch. Its phases are spans below it; the seconds of each kind stand on it too, so that they add up where most steps are not traced.</summary>
internal sealed class EpochSpan : IDisposable
{
    private readonly Activity? _activity;
    private readonly string _method;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, double> _seconds = [];

    /// <param name="runId">The run.</param>
    /// <param name="method">What its student learns from.</param>
    /// <param name="epoch">From 0.</param>
    /// <param name="epochs">How many the run has.</param>
    /// <param name="time">The clock.</param>
    public EpochSpan(string runId, string method, int epoch, int epochs, TimeProvider time)
    {
        (_method, _time) = (method, time);
        _activity = TrainerTelemetry.Start(SpanNames.Epoch, runId, method)?.SetTag(TrainerTelemetry.RunEpoch, epoch);
        if (_activity is not null)
            _activity.DisplayName = $"epoch {epoch + 1}/{epochs} {method}";
    }

    /// <summary>Runs a phase.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="work">Gets the phase's span; null where it is not traced.</param>
    /// <param name="isTraced">Whether it has a span of its own; its seconds count in any case.</param>
    public T Time<T>(string name, Func<Activity?, T> work, bool isTraced = true)
    {
        var started = _time.GetTimestamp();
        using var phase = isTraced ? TrainerTelemetry.Start(name) : null;
        try
        {
            return work(phase);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            phase?.SetStatus(ActivityStatusCode.Error, error.Message);
            _activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            throw;
        }
        finally
        {
            Count(name, _time.GetElapsedTime(started));
        }
    }

    /// <inheritdoc cref="Time{T}"/>
    public void Time(string name, Action<Activity?> work, bool isTraced = true) =>
        Time(
            name,
            phase =>
            {
                work(phase);
                return true;
            },
            isTraced
        );

    /// <summary>Adds a phase that has just ended.</summary>
    public void Add(string name, TimeSpan duration, bool isTraced = true)
    {
        Count(name, duration);
        if (isTraced)
            TrainerTelemetry.Record(name, _time.GetUtcNow(), duration);
    }

    /// <summary>Tells what came of the epoch, in the span and as metrics.</summary>
    /// <param name="metrics">What came of it.</param>
    /// <param name="next">What the agent has decided about the next epoch; null without an agent and after the last epoch.</param>
    public void Finish(EpochMetrics metrics, Target? next)
    {
        _activity
            ?.SetTag("kd.epoch.loss", metrics.Loss)
            .SetTag("kd.epoch.accuracy", metrics.ValidationAccuracy)
            .SetTag("kd.epoch.samples", metrics.Samples)
            .SetTag("kd.epoch.reward", metrics.Reward)
            .SetTag("kd.curriculum.temperature", metrics.Temperature)
            .SetTag("kd.curriculum.threshold", metrics.Threshold)
            .SetTag("kd.curriculum.next_temperature", next?.Temperature)
            .SetTag("kd.curriculum.next_threshold", next?.Threshold);
        var tag = TrainerTelemetry.MethodTag(_method);
        TrainerTelemetry.EpochLoss.Record(metrics.Loss, tag);
        TrainerTelemetry.EpochAccuracy.Record(metrics.ValidationAccuracy, tag);
        TrainerTelemetry.Throughput.Record(metrics.ImagesPerSecond, tag);
        if (metrics.Temperature is { } temperature)
            TrainerTelemetry.Temperature.Record(temperature, tag);
        if (metrics.Threshold is { } threshold)
            TrainerTelemetry.Threshold.Record(threshold, tag);
        if (metrics.Reward is { } reward)
            TrainerTelemetry.Reward.Record(reward, tag);
    }

    public void Dispose()
    {
        foreach (var (name, seconds) in _seconds)
            _activity?.SetTag($"kd.epoch.{name.Replace(' ', '_')}_seconds", seconds);
        _activity?.Dispose();
    }

    private void Count(string name, TimeSpan duration) => _seconds[name] = _seconds.GetValueOrDefault(name) + duration.TotalSeconds;
}
