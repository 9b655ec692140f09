using Kd.Training.Batches;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;

namespace Kd.Training.Tasks;

/// <summary>Some samples in one view, which one call to a teacher labels.</summary>
/// <param name="Teacher">The teacher.</param>
/// <param name="Source">The view.</param>
/// <param name="Samples">Indexes of the samples in the split.</param>
internal sealed record LabelingUnit(TeacherClient Teacher, ViewSource Source, int[] Samples);

/// <summary>Lists the views that runs of a configuration request from each teacher.</summary>
internal static class LabelingWork
{
    /// <summary>Splits the training images in each of their views, and the test images in their evaluation view, into calls.</summary>
    /// <param name="batches">Images, views and teacher.</param>
    /// <param name="views">Views per sample.</param>
    /// <exception cref="TrainingException">Every epoch has fresh views, so that none can be labeled ahead.</exception>
    public static List<LabelingUnit> Create(BatchSource batches, int views)
    {
        if (views == 0)
            throw new TrainingException(
                "Views:PerSample is 0: every epoch has fresh views, so none can be labeled ahead. "
                    + "Set it to the number of views that training will use, for example 8."
            );
        var training = Enumerable.Range(0, views).Select(view => batches.ViewsOf(batches.Dataset.Train, view));
        List<ViewSource> sources = [.. training, batches.ViewsOf(batches.Dataset.Test, null)];
        return [.. batches.Teacher!.Teachers.SelectMany(teacher => sources.SelectMany(source => Cut(source, teacher)))];
    }

    private static IEnumerable<LabelingUnit> Cut(ViewSource source, TeacherClient teacher) =>
        Enumerable.Range(0, source.Split.Count).Chunk(teacher.CallSize).Select(samples => new LabelingUnit(teacher, source, samples));
}
