using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;
using Kd.Training.Artifacts;
using Kd.Training.Diagnostics;

namespace Kd.Training.Runs;

/// <summary>
/// The span of an epoch. Its phases are child spans; the total seconds of each kind of phase are attributes of the epoch, since most steps are not traced.
/// </summary>
internal sealed class EpochSpan : IDisposable
{
    private readonly Activity? _activity;
    private readonly string _method;
    private readonly TrainingMetrics _instruments;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, double> _seconds = [];

    /// <summary>Starts the span.</summary>
    /// <param name="run">Id and method of the run.</param>
    /// <param name="epoch">Index of the epoch, from 0.</param>
    /// <param name="epochs">Epochs of the run.</param>
    /// <param name="instruments">Instruments that record the results of the epoch.</param>
    /// <param name="time">The clock.</param>
    public EpochSpan((string Id, string Method) run, int epoch, int epochs, TrainingMetrics instruments, TimeProvider time)
    {
        (_method, _instruments, _time) = (run.Method, instruments, time);
        _activity = TrainingTelemetry.Start(SpanNames.Epoch, run.Id, run.Method)?.SetTag(TrainingTelemetry.RunEpoch, epoch);
        if (_activity is not null)
            _activity.DisplayName = $"epoch {epoch + 1}/{epochs} {run.Method}";
    }

    /// <summary>Runs a phase.</summary>
    /// <param name="name">One of <see cref="SpanNames"/>.</param>
    /// <param name="work">The work; receives the span of the phase, or null if it is not traced.</param>
    /// <param name="isTraced">Whether the phase has a span; its seconds count in any case.</param>
    public T Time<T>(string name, Func<Activity?, T> work, bool isTraced = true)
    {
        var started = _time.GetTimestamp();
        using var phase = isTraced ? TrainingTelemetry.Start(name) : null;
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
            AddSeconds(name, _time.GetElapsedTime(started));
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
        AddSeconds(name, duration);
        if (isTraced)
            TrainingTelemetry.Record(name, _time.GetUtcNow(), duration);
    }

    /// <summary>Records the results of the epoch in the span and as metrics.</summary>
    /// <param name="metrics">Results of the epoch.</param>
    /// <param name="next">The agent's target for the next epoch; null without an agent and after the last epoch.</param>
    public void Finish(EpochMetrics metrics, Target? next)
    {
        _activity
            ?.SetTag("kd.epoch.loss", metrics.Loss)
            .SetTag("kd.epoch.accuracy", metrics.ValidationAccuracy)
            .SetTag("kd.epoch.samples", metrics.Samples)
            .SetTag("kd.epoch.reward", metrics.Reward)
            .SetTag("kd.curriculum.temperature", metrics.Temperature)
            .SetTag("kd.curriculum.threshold", metrics.Threshold)
            .SetTag("kd.curriculum.size", metrics.Size)
            .SetTag("kd.curriculum.next_temperature", next?.Temperature)
            .SetTag("kd.curriculum.next_threshold", next?.Threshold);
        var tag = TrainingMetrics.MethodTag(_method);
        _instruments.EpochLoss.Record(metrics.Loss, tag);
        _instruments.EpochAccuracy.Record(metrics.ValidationAccuracy, tag);
        _instruments.Throughput.Record(metrics.ImagesPerSecond, tag);
        if (metrics.Temperature is { } temperature)
            _instruments.Temperature.Record(temperature, tag);
        if (metrics.Threshold is { } threshold)
            _instruments.Threshold.Record(threshold, tag);
        if (metrics.Reward is { } reward)
            _instruments.Reward.Record(reward, tag);
    }

    public void Dispose()
    {
        foreach (var (name, seconds) in _seconds)
            _activity?.SetTag($"kd.epoch.{name.Replace(' ', '_')}_seconds", seconds);
        _activity?.Dispose();
    }

    private void AddSeconds(string name, TimeSpan duration) => _seconds[name] = _seconds.GetValueOrDefault(name) + duration.TotalSeconds;
}
