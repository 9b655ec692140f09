using System.Collections.Concurrent;
using System.Diagnostics;
using Kd.Training.Diagnostics;

namespace Kd.RunPage.Tracing;

/// <summary>Keeps the spans of the last epochs for the page where no collector takes them, so that tracing is never lost.</summary>
internal sealed class SpanRecorder : IHostedService, IDisposable
{
    private const int KeptEpochs = 5,
        MostSpans = 2000;
    private readonly ConcurrentDictionary<ActivityTraceId, ConcurrentQueue<Span>> _open = new();
    private readonly ConcurrentQueue<EpochTrace> _epochs = new();
    private readonly ActivityListener? _listener;

    /// <param name="configuration">Names the collector, where there is one.</param>
    public SpanRecorder(IConfiguration configuration)
    {
        if (!string.IsNullOrWhiteSpace(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TrainingTelemetry.SourceName,
            Sample = Sample,
            ActivityStopped = Take,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>The last finished epochs, oldest first.</summary>
    public IReadOnlyList<EpochTrace> Epochs => [.. _epochs];

    /// <summary>Whether spans are kept here, and not sent to a collector.</summary>
    public bool IsActive => _listener is not null;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener?.Dispose();

    // Epochs, and what belongs to one; what is not traced (see TrainingTelemetry.Suppress) stays so.
    private static ActivitySamplingResult Sample(ref ActivityCreationOptions<ActivityContext> options) =>
        options.Name == SpanNames.Epoch || (options.Parent.TraceId != default && options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            ? ActivitySamplingResult.AllDataAndRecorded
            : ActivitySamplingResult.None;

    private void Take(Activity activity)
    {
        var spans = _open.GetOrAdd(activity.TraceId, _ => new ConcurrentQueue<Span>());
        if (spans.Count < MostSpans)
            spans.Enqueue(new Span(activity.DisplayName, activity.StartTimeUtc, activity.Duration));
        if (activity.OperationName != SpanNames.Epoch || !_open.TryRemove(activity.TraceId, out var whole))
            return;
        _epochs.Enqueue(
            new EpochTrace(
                (int)(activity.GetTagItem(TrainingTelemetry.RunEpoch) ?? 0) + 1,
                activity.GetTagItem(TrainingTelemetry.RunMethod) as string ?? "",
                activity.StartTimeUtc,
                activity.Duration,
                [.. whole.OrderBy(span => span.Start)]
            )
        );
        while (_epochs.Count > KeptEpochs)
            _epochs.TryDequeue(out _);
    }
}

/// <summary>An epoch's spans.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Method">What the student learns from.</param>
/// <param name="Start">Its start.</param>
/// <param name="Duration">Its duration.</param>
/// <param name="Spans">By their start; the epoch itself is among them.</param>
internal sealed record EpochTrace(int Epoch, string Method, DateTime Start, TimeSpan Duration, IReadOnlyList<Span> Spans);

/// <summary>A span.</summary>
internal sealed record Span(string Name, DateTime Start, TimeSpan Duration);
