using Kd.Training.Diagnostics;
using Kd.Training.Teaching;
using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.Training.Batches;

/// <summary>The images of a run, their views, and the teacher that labels them.</summary>
internal sealed record BatchSource
{
    /// <summary>The images.</summary>
    public required ImageDataset Dataset { get; init; }

    /// <summary>Plans the views.</summary>
    public required ViewPlanner Planner { get; init; }

    /// <summary>The teachers' logits; null if the method needs none.</summary>
    public ILogitsSource? Teacher { get; init; }

    /// <summary>Weight of each teacher, in sum 1.</summary>
    public IReadOnlyList<double> TeacherShares { get; init; } = [1];

    /// <summary>Whether each batch needs the logits of all teachers, even if TeacherClient:WhenAway permits to go on without one.</summary>
    public bool NeedsAllTeachers { get; init; }

    /// <summary>Largest number of batches that are prepared at once.</summary>
    public required int Prefetch { get; init; }

    /// <summary>Instruments that record the rendering times.</summary>
    public required TrainingMetrics Instruments { get; init; }

    /// <summary>The source without the training images that have no label.</summary>
    public BatchSource Labeled => ReferenceEquals(Dataset, Dataset.Labeled) ? this : this with { Dataset = Dataset.Labeled };

    /// <summary>Width and height of a view, px.</summary>
    public int ViewSize => Planner.Size;

    /// <summary>Gets one view of each sample of a split.</summary>
    /// <param name="split">The split.</param>
    /// <param name="view">View index; null: the evaluation view.</param>
    public ViewSource ViewsOf(ImageSplit split, int? view) => new(split, Planner, view);

    /// <summary>Gets the logits of views from the teachers.</summary>
    /// <param name="views">Ids of the views.</param>
    /// <param name="pixels">Pixels of the views, [N, 3, size, size].</param>
    /// <param name="cancellation">Cancels the calls.</param>
    public Task<TeacherAnswers> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, CancellationToken cancellation) =>
        (Teacher ?? throw new InvalidOperationException("A batch needs the teacher, but there is none.")).GetLogitsAsync(
            new TeacherQuestion(views, pixels, ViewSize, TeacherShares) { NeedsAll = NeedsAllTeachers },
            cancellation
        );

    /// <summary>Creates a pipeline of batches from a split.</summary>
    public BatchPipeline Open(ImageSplit split) => new(this, split);
}
