using System.Numerics.Tensors;
using Kd.Training.Batches;
using Kd.Vision.Datasets;

namespace Kd.Training.Tasks;

/// <summary>Labels the validation and test pictures of a dataset without labels, so that accuracy is the agreement with the teacher.</summary>
internal static class TeacherChoices
{
    private const int BatchSize = 128;

    /// <summary>Gets the teacher's choices, and the dataset with these labels.</summary>
    /// <param name="batches">Images and teacher.</param>
    /// <param name="classes">The teacher's class names.</param>
    /// <param name="cancellation">Cancels the calls.</param>
    public static BatchSource Label(BatchSource batches, IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        var dataset = batches.Dataset;
        return batches with { Dataset = dataset.LabelByTeacher(classes, Choose(dataset.Validation), Choose(dataset.Test)) };

        int[] Choose(ImageSplit split)
        {
            var plans = BatchPlan.Cut([.. Enumerable.Range(0, split.Count)], BatchSize).Select(samples => new BatchPlan(samples, null, NeedsTeacher: true));
            // A choice of some of the teachers would be another one when the run is continued.
            return [.. (batches with { NeedsAllTeachers = true }).Open(split).Run(plans, (_, _) => { }, cancellation).SelectMany(ChooseRows)];
        }

        IEnumerable<int> ChooseRows(ReadyBatch batch) => batch.TeacherLogits!.Chunk(classes.Count).Select(row => TensorPrimitives.IndexOfMax<float>(row));
    }
}
