using System.Numerics.Tensors;
using Kd.Training.Batches;
using Kd.Training.Diagnostics;
using Kd.Vision.Datasets;

namespace Kd.Training.Evaluation;

/// <summary>Measures a classifier on the evaluation views of a split.</summary>
/// <param name="batches">Images and views.</param>
internal sealed class Evaluator(BatchSource batches)
{
    private const int BatchSize = 128;
    private const int Top = 5;

    /// <summary>Measures the classifier.</summary>
    /// <param name="split">The images.</param>
    /// <param name="needsTeacher">Whether batches carry teacher logits.</param>
    /// <param name="logits">Gets the logits of a batch, row-major [N, C].</param>
    /// <param name="cancellation">Cancels the evaluation.</param>
    /// <exception cref="TrainingException">A logit is not finite.</exception>
    public EvaluationResult Measure(ImageSplit split, bool needsTeacher, Func<ReadyBatch, float[]> logits, CancellationToken cancellation)
    {
        var names = batches.Dataset.ClassNames;
        var plans = BatchPlan.Cut([.. Enumerable.Range(0, split.Count)], BatchSize).Select(samples => new BatchPlan(samples, null, needsTeacher));
        var confusion = names.Select(_ => new int[names.Count]).ToArray();
        var (calibration, topFive) = (new CalibrationError(), 0);
        var probabilities = new float[names.Count];
        foreach (var batch in batches.Open(split).Run(plans, (_, _) => { }, cancellation))
        {
            var values = logits(batch);
            for (var row = 0; row < batch.Count; row++)
            {
                var scores = values.AsSpan(row * names.Count, names.Count);
                var label = (int)batch.Labels[row];
                var choice = TensorPrimitives.IndexOfMax<float>(scores);
                confusion[label][choice]++;
                topFive += Rank(scores, label) < Top ? 1 : 0;
                TensorPrimitives.SoftMax(scores, probabilities);
                if (!float.IsFinite(probabilities[choice]))
                    throw new TrainingException(
                        $"The logits of {split.Name} image '{split.NameOf(batch.Samples[row])}' are not finite. "
                            + "Training has diverged: try a smaller Training:LearningRate, or Training:GradientClip=1."
                    );
                calibration.Add(probabilities[choice], choice == label);
            }
        }

        return new EvaluationResult(names, confusion, topFive, calibration.Value, calibration.Bins);
    }

    // Number of classes with a higher score; of equal scores, the class that comes first counts as higher.
    private static int Rank(ReadOnlySpan<float> scores, int label)
    {
        var rank = 0;
        for (var c = 0; c < scores.Length; c++)
            rank += scores[c] > scores[label] || (scores[c] == scores[label] && c < label) ? 1 : 0;
        return rank;
    }
}
