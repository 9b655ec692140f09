using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.Training.Batches;

/// <summary>Provides the ids and pixels of one view of each sample of a split.</summary>
/// <param name="Split">The split.</param>
/// <param name="Planner">Plans the views.</param>
/// <param name="View">View index, or null for the evaluation view.</param>
internal sealed record ViewSource(ImageSplit Split, ViewPlanner Planner, int? View)
{
    /// <summary>Computes the ids of views without rendering them.</summary>
    /// <exception cref="DatasetException">A picture in a dataset of small pictures has another size (in an AggregateException).</exception>
    public ViewId[] Identify(int[] samples)
    {
        var ids = new ViewId[samples.Length];
        Parallel.For(
            0,
            samples.Length,
            i =>
            {
                var content = Split.Peek(samples[i]);
                ids[i] = Plan(samples[i], content).IdFor(content.Hash);
            }
        );
        return ids;
    }

    /// <summary>Renders the views.</summary>
    /// <param name="samples">Indexes of N samples.</param>
    /// <param name="pixels">Receives uint8 planes [N, 3, size, size].</param>
    /// <param name="cancellation">Cancels the rendering.</param>
    /// <returns>Ids of the views.</returns>
    public ViewId[] Render(int[] samples, Memory<byte> pixels, CancellationToken cancellation)
    {
        var bytes = ViewRenderer.ByteCount(Planner.Size);
        var ids = new ViewId[samples.Length];
        Parallel.For(
            0,
            samples.Length,
            new ParallelOptions { CancellationToken = cancellation },
            i =>
            {
                // Small pictures are used whole; their size is checked when it is known.
                var content = Split.Get(samples[i], Planner.Small ? null : (width, height) => Plan(samples[i], width, height).RowsOf(height));
                var view = Plan(samples[i], content);
                ViewRenderer.Render(content.Image, view, pixels.Span.Slice(i * bytes, bytes));
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
                $"The picture '{Split.NameOf(sample)}' has {width}x{height} px, and the first one of the dataset {Planner.Size}x{Planner.Size} px. "
                    + "Small pictures are not resized and must have the same size; with another Views:Size, for example 224, all are resized."
            );
        return Plan(sample, width, height);
    }

    private ViewParameters Plan(int sample, int width, int height) =>
        View is { } index ? Planner.Training(sample, index, width, height) : Planner.Evaluation(width, height);
}
