using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Batches;

/// <summary>One view of each sample of a split: ids and pixels.</summary>
/// <param name="Split">Where the samples are.</param>
/// <param name="Planner">Chooses the views.</param>
/// <param name="View">View index, or null for the evaluation view.</param>
internal sealed record ViewSource(ImageSplit Split, ViewPlanner Planner, int? View)
{
    /// <summary>The views' ids; no pixel is rendered.</summary>
    /// <exception cref="DatasetException">A picture among small ones has another size (in an AggregateException).</exception>
    public ViewId[] Identify(int[] samples)
    {
        var ids = new ViewId[samples.Length];
        Parallel.For(
            0,
            samples.Length,
            i =>
            {
                var content = Split.Get(samples[i]);
                ids[i] = Plan(samples[i], content).IdFor(content.Hash);
            }
        );
        return ids;
    }

    /// <summary>Renders the views.</summary>
    /// <param name="samples">N indexes.</param>
    /// <param name="pixels">Gets uint8 planes [N, 3, size, size].</param>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>Their ids.</returns>
    public ViewId[] Render(int[] samples, byte[] pixels, CancellationToken cancellation)
    {
        var bytes = ViewRenderer.ByteCount(Planner.Size);
        var ids = new ViewId[samples.Length];
        Parallel.For(
            0,
            samples.Length,
            new ParallelOptions { CancellationToken = cancellation },
            i =>
            {
                var content = Split.Get(samples[i]);
                var view = Plan(samples[i], content);
                ViewRenderer.Render(content.Image, view, pixels.AsSpan(i * bytes, bytes));
                ids[i] = view.IdFor(content.Hash);
            }
        );
        return ids;
    }

    private ViewParameters Plan(int sample, ImageContent content)
    {
        var (width, height) = (content.Image.Width, content.Image.Height);
        if (Planner.Small && (width != Planner.Size || height != Planner.Size))
            throw new DatasetException(
                $"The picture '{Split.NameOf(sample)}' has {width}x{height} px, and the first one of the dataset {Planner.Size}x{Planner.Size} px. Small pictures are not resized and must have one size; with another Views:Size, for example 224, all are resized."
            );
        return View is { } index ? Planner.Training(sample, index, width, height) : Planner.Evaluation(width, height);
    }
}
