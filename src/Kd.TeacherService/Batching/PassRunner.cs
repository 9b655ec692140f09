using System.Diagnostics;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Model;

namespace Kd.TeacherService.Batching;

/// <summary>Runs the passes of a queue, one after another, on a dedicated thread.</summary>
internal sealed class PassRunner(PassQueue queue, TeacherMetrics metrics, TimeProvider time, ILogger<PassRunner> logger)
{
    private long _computed;

    /// <summary>Number of views that this replica has computed.</summary>
    public long Computed => Interlocked.Read(ref _computed);

    /// <summary>Runs passes until the queue is stopped and drained.</summary>
    /// <param name="model">Computes the passes.</param>
    public Task RunAsync(TeacherModel model) =>
        Task.Factory.StartNew(() => Run(model), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(TeacherModel model)
    {
        while (queue.TakeAsync().GetAwaiter().GetResult() is { Count: > 0 } views)
            RunPass(model, views);
    }

    private void RunPass(TeacherModel model, List<WaitingView> views)
    {
        var started = time.GetTimestamp();
        foreach (var view in views)
            metrics.QueueWait.Record(time.GetElapsedTime(view.Since).TotalSeconds);
        using var activity = StartActivity(views);
        try
        {
            var logits = model.Pass(views.ConvertAll(view => view.Pixels), views[0].Size);
            var classes = model.Classes.Classes.Count;
            foreach (var (row, view) in views.Index())
                view.Complete(logits.AsSpan(row * classes, classes).ToArray());
        }
        catch (Exception error)
        {
            logger.PassFailed(views.Count, views[0].Size, error);
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            views.ForEach(view => view.Fail(error));
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            queue.Finish(views, duration);
            metrics.PassDuration.Record(duration.TotalSeconds);
            metrics.BatchSize.Record(views.Count);
            metrics.Computed.Add(views.Count);
            Interlocked.Add(ref _computed, views.Count);
        }
    }

    // The parent is the first traced request, or the first one if none is traced; links lead to all requests that share the pass.
    private static Activity? StartActivity(List<WaitingView> views)
    {
        var requests = views
            .Select(view => view.Request)
            .Where(request => request != default)
            .Distinct()
            .OrderByDescending(request => request.TraceFlags & ActivityTraceFlags.Recorded)
            .ToList();
        return TeacherTelemetry
            .Source.StartActivity(
                TeacherTelemetry.Pass,
                ActivityKind.Internal,
                requests.FirstOrDefault(),
                links: requests.Select(request => new ActivityLink(request))
            )
            ?.SetTag("kd.views", views.Count);
    }
}
