using System.Diagnostics;
using System.Threading.Channels;
using Kd.Training.Diagnostics;
using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.Training.Batches;

/// <summary>Renders views and fetches their logits ahead of the steps, for several batches at once, and delivers the batches in order.</summary>
/// <param name="source">Images, views and teacher.</param>
/// <param name="split">The split of the samples.</param>
internal sealed class BatchPipeline(BatchSource source, ImageSplit split)
{
    /// <summary>Prepares batches in the background. The training thread enumerates them and waits only for a batch that is not ready.</summary>
    /// <param name="plans">The batches, in order.</param>
    /// <param name="waited">Called for each batch with the time that the caller waited for it.</param>
    /// <param name="cancellation">Stops the preparation.</param>
    public IEnumerable<ReadyBatch> Run(IEnumerable<BatchPlan> plans, Action<ReadyBatch, TimeSpan> waited, CancellationToken cancellation)
    {
        // Stops the preparation also if the caller stops enumerating early.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var queue = Channel.CreateBounded<Task<ReadyBatch>>(source.Prefetch);
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
            EndAsync(producer, queue.Reader).GetAwaiter().GetResult();
        }
    }

    // No preparation outlives its epoch: its spans would belong to none.
    private static async Task EndAsync(Task producer, ChannelReader<Task<ReadyBatch>> queue)
    {
        await producer;
        while (queue.TryRead(out var preparation))
            await ((Task)preparation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ProduceAsync(IEnumerable<BatchPlan> plans, ChannelWriter<Task<ReadyBatch>> queue, CancellationToken cancellation)
    {
        try
        {
            foreach (var plan in plans)
            {
                // Prepared only where there is room, so that each preparation has a reader.
                await queue.WaitToWriteAsync(cancellation);
                queue.TryWrite(Task.Run(() => PrepareAsync(plan, cancellation), cancellation));
            }

            queue.Complete();
        }
        catch (OperationCanceledException)
        {
            queue.TryComplete();
        }
        catch (Exception error)
        {
            // Passes the error to the reader, which would otherwise wait forever.
            queue.TryComplete(error);
        }
    }

    private async Task<ReadyBatch> PrepareAsync(BatchPlan plan, CancellationToken cancellation)
    {
        using var activity = plan.IsTraced ? TrainingTelemetry.Start(SpanNames.PrepareBatch) : TrainingTelemetry.Suppress();
        activity?.SetTag("kd.views", plan.Samples.Length);
        var pixels = new byte[plan.Samples.Length * ViewRenderer.ByteCount(source.ViewSize)];
        var (views, rendered) = Render(plan, pixels, cancellation);
        var labels = Array.ConvertAll(plan.Samples, sample => (long)split.Labels[sample]);
        var answers = plan.NeedsTeacher ? await source.LabelAsync(views, pixels, cancellation) : null;
        return new ReadyBatch
        {
            Samples = plan.Samples,
            Labels = labels,
            Pixels = pixels,
            ViewSize = source.ViewSize,
            Answers = answers,
            RenderSeconds = rendered,
            IsTraced = plan.IsTraced,
        };
    }

    private (ViewId[] Views, double Seconds) Render(BatchPlan plan, byte[] pixels, CancellationToken cancellation)
    {
        using var activity = TrainingTelemetry.Start(SpanNames.RenderViews);
        var started = Stopwatch.GetTimestamp();
        var (carried, bytes) = (plan.Carried.Count, ViewRenderer.ByteCount(source.ViewSize));
        ViewId[] views =
        [
            .. source.ViewsOf(split, plan.Carried.View).Render(plan.Samples[..carried], pixels.AsMemory(0, carried * bytes), cancellation),
            .. source.ViewsOf(split, plan.View).Render(plan.Samples[carried..], pixels.AsMemory(carried * bytes), cancellation),
        ];
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        source.Instruments.RenderDuration.Record(seconds);
        return (views, seconds);
    }

    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
