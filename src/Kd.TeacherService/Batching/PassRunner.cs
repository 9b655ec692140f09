using System.Diagnostics;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Model;

namespace Kd.TeacherService.Batching;

/// <summary>Runs the passes of a queue, one after another, on a dedicated thread.</summary>
internal sealed class PassRunner(PassQueue queue, TeacherMetrics metrics, TimeProvider time, ILogger<PassRunner> logger)
{
    private long _computed;
    private long _passStarted;
    private int _failures;

    /// <summary>Number of views that this replica has computed.</summary>
    public long Computed => Interlocked.Read(ref _computed);

    /// <summary>Number of passes that failed since the last one that succeeded.</summary>
    public int Failures => Volatile.Read(ref _failures);

    /// <summary>Time since the start of the pass in progress; zero if there is none.</summary>
    public TimeSpan PassTime => Volatile.Read(ref _passStarted) is > 0 and var started ? time.GetElapsedTime(started) : TimeSpan.Zero;

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
        Volatile.Write(ref _passStarted, started);
        foreach (var view in views)
            metrics.QueueWait.Record(time.GetElapsedTime(view.Since).TotalSeconds);
        using var activity = StartActivity(views);
        try
        {
            var logits = model.Pass(views.ConvertAll(view => view.Pixels), views[0].Size);
            var classes = model.Classes.Classes.Count;
            foreach (var (row, view) in views.Index())
                Complete(view, logits.AsSpan(row * classes, classes));
            Volatile.Write(ref _failures, 0);
        }
        catch (Exception error)
        {
            Interlocked.Increment(ref _failures);
            logger.PassFailed(views.Count, views[0].Size, error);
            activity?.SetStatus(ActivityStatusCode.Error, error.Message);
            views.ForEach(view => view.Fail(new PassFailedException(error)));
        }
        finally
        {
            Volatile.Write(ref _passStarted, 0);
            var duration = time.GetElapsedTime(started);
            queue.Finish(views, duration);
            metrics.PassDuration.Record(duration.TotalSeconds);
            metrics.BatchSize.Record(views.Count);
            metrics.Computed.Add(views.Count);
            Interlocked.Add(ref _computed, views.Count);
        }
    }

    // Checked before anything is stored: the student would learn nothing from them, or blame its learning rate.
    private static void Complete(WaitingView view, ReadOnlySpan<Half> logits)
    {
        for (var column = 0; column < logits.Length; column++)
        {
            if (Half.IsFinite(logits[column]))
                continue;
            view.Fail(new UnusableLogitsException(view.Id, column, logits[column]));
            return;
        }

        view.Complete(logits.ToArray());
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
