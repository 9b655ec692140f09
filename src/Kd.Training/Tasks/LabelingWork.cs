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
    /// <summary>
    /// Splits the training images in each of their views, and the test images in their evaluation view, into calls; the validation images, too, where
    /// the teacher's choices count as their labels.
    /// </summary>
    /// <param name="batches">Images and views.</param>
    /// <param name="teachers">The teachers.</param>
    /// <param name="views">Views per sample.</param>
    /// <exception cref="TrainingException">Every epoch has fresh views, so that none can be labeled ahead.</exception>
    public static List<LabelingUnit> Create(BatchSource batches, IReadOnlyList<TeacherClient> teachers, int views)
    {
        if (views == 0)
            throw new TrainingException(
                "Views:PerSample is 0: every epoch has fresh views, so none can be labeled ahead. "
                    + "Set it to the number of views that training will use, for example 8."
            );
        var training = Enumerable.Range(0, views).Select(view => batches.ViewsOf(batches.Dataset.Train, view));
        List<ViewSource> sources = [.. training, batches.ViewsOf(batches.Dataset.Test, null)];
        if (batches.Dataset.IsLabeledByTeacher)
            sources.Add(batches.ViewsOf(batches.Dataset.Validation, null));
        return [.. teachers.SelectMany(teacher => sources.SelectMany(source => Cut(source, teacher)))];
    }

    private static IEnumerable<LabelingUnit> Cut(ViewSource source, TeacherClient teacher) =>
        Enumerable.Range(0, source.Split.Count).Chunk(teacher.CallSize).Select(samples => new LabelingUnit(teacher, source, samples));
}
