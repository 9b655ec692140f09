using System.Diagnostics;
using System.Threading.Channels;
using Kd.StudentTrainer.Diagnostics;
using Kd.StudentTrainer.Teaching;
using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Batches;

/// <summary>Renders views and fetches their logits ahead of the steps, several batches at once, delivered in order.</summary>
/// <param name="split">Where the samples are.</param>
/// <param name="planner">Chooses the views.</param>
/// <param name="teacher">Gives logits; null where no method needs them.</param>
/// <param name="prefetch">Batches in preparation at most.</param>
internal sealed class BatchPipeline(ImageSplit split, ViewPlanner planner, TeacherClient? teacher, int prefetch)
{
    /// <summary>Prepares batches in the background. Enumerate on the training thread; it waits only where a batch is not ready.</summary>
    /// <param name="plans">The batches, in order.</param>
    /// <param name="waited">Told of each batch how long the caller waited for it.</param>
    /// <param name="cancellation">Stops the preparation.</param>
    public IEnumerable<ReadyBatch> Run(IEnumerable<BatchPlan> plans, Action<ReadyBatch, TimeSpan> waited, CancellationToken cancellation)
    {
        // Ends the preparation also when the caller stops early.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var queue = Channel.CreateBounded<Task<ReadyBatch>>(Math.Max(1, prefetch - 1));
        var producer = Task.Run(() => ProduceAsync(plans, queue.Writer, stop.Token), CancellationToken.None);
        try
        {
            while (true)
            {
                var started = Stopwatch.GetTimestamp();
                if (!Wait(queue.Reader.WaitToReadAsync(cancellation).AsTask()) || !queue.Reader.TryRead(out var preparation))
                    yield break;
                var batch = Wait(preparation);
                waited(batch, Stopwatch.GetElapsedTime(started));
                yield return batch;
            }
        }
        finally
        {
            stop.Cancel();
            producer.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }

    private async Task ProduceAsync(IEnumerable<BatchPlan> plans, ChannelWriter<Task<ReadyBatch>> queue, CancellationToken cancellation)
    {
        try
        {
            foreach (var plan in plans)
                await queue.WriteAsync(Task.Run(() => PrepareAsync(plan, cancellation), cancellation), cancellation);
            queue.Complete();
        }
        catch (OperationCanceledException)
        {
            queue.TryComplete();
        }
        catch (Exception error)
        {
            // Thrown to the reader, which would otherwise wait forever.
            queue.TryComplete(error);
        }
    }

    private async Task<ReadyBatch> PrepareAsync(BatchPlan plan, CancellationToken cancellation)
    {
        using var activity = plan.IsTraced ? TrainerTelemetry.Start(SpanNames.PrepareBatch) : TrainerTelemetry.Suppress();
        activity?.SetTag("kd.views", plan.Samples.Length);
        var pixels = new byte[plan.Samples.Length * ViewRenderer.ByteCount(planner.Size)];
        var (views, rendered) = Render(plan, pixels, cancellation);
        var labels = Array.ConvertAll(plan.Samples, sample => (long)split.Labels[sample]);
        var logits = plan.NeedsTeacher
            ? await (teacher ?? throw new InvalidOperationException("A batch needs the teacher, but there is none.")).GetLogitsAsync(
                views,
                pixels,
                planner.Size,
                cancellation
            )
            : null;
        return new ReadyBatch(plan.Samples, labels, pixels, planner.Size, logits, rendered, plan.IsTraced);
    }

    private (ViewId[] Views, double Seconds) Render(BatchPlan plan, byte[] pixels, CancellationToken cancellation)
    {
        using var activity = TrainerTelemetry.Start(SpanNames.RenderViews);
        var started = Stopwatch.GetTimestamp();
        var views = new ViewSource(split, planner, plan.View).Render(plan.Samples, pixels, cancellation);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        TrainerTelemetry.RenderDuration.Record(seconds);
        return (views, seconds);
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
