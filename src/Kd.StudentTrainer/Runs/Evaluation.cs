using Kd.StudentTrainer.Batches;
using Kd.Vision.Datasets;

namespace Kd.StudentTrainer.Runs;

/// <summary>Counts how many images of a split a network classifies right, on their evaluation views.</summary>
internal static class Evaluation
{
    private const int BatchSize = 128;

    /// <summary>Counts the right answers.</summary>
    /// <param name="context">Gives the views.</param>
    /// <param name="split">The images.</param>
    /// <param name="needsTeacher">Whether batches carry teacher logits.</param>
    /// <param name="logits">A batch's logits, row-major [N, C].</param>
    /// <param name="cancellation">Cancels.</param>
    public static int CountCorrect(RunContext context, ImageSplit split, bool needsTeacher, Func<ReadyBatch, float[]> logits, CancellationToken cancellation)
    {
        var classes = context.Dataset.ClassNames.Count;
        var plans = BatchPlan.Cut([.. Enumerable.Range(0, split.Count)], BatchSize).Select(samples => new BatchPlan(samples, null, needsTeacher));
        var correct = 0;
        foreach (var batch in context.Pipeline(split).Run(plans, _ => { }, cancellation))
        {
            var values = logits(batch);
            for (var row = 0; row < batch.Count; row++)
                correct += IndexOfLargest(values.AsSpan(row * classes, classes)) == batch.Labels[row] ? 1 : 0;
        }

        return correct;
    }

    private static int IndexOfLargest(ReadOnlySpan<float> values) => System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);
}
