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
        var confusion = names.Select(_ => new int[names.Count]).ToArray();
        var (calibration, topFive, divergence) = (new CalibrationError(), 0, 0.0);
        var probabilities = new float[names.Count];
        foreach (var batch in Prepare(split, needsTeacher, cancellation))
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
                if (batch.TeacherLogits is { } teacher)
                    divergence += Divergence(teacher.AsSpan(row * names.Count, names.Count), scores);
            }
        }

        return new EvaluationResult(names, confusion, topFive, calibration.Value, calibration.Bins)
        {
            Divergence = needsTeacher ? divergence / split.Count : null,
        };
    }

    /// <summary>Gets the teacher's choice for each image of a split, an index of its classes.</summary>
    public int[] ChooseByTeacher(ImageSplit split, CancellationToken cancellation) =>
        [.. Prepare(split, needsTeacher: true, cancellation).SelectMany(batch => Choose(batch.TeacherLogits!, batch.Count))];

    /// <summary>Counts the rows whose largest logit is that of the label.</summary>
    /// <param name="logits">Row-major [N, C].</param>
    /// <param name="labels">Class indexes, N of them.</param>
    public static int CountCorrect(float[] logits, long[] labels) => Choose(logits, labels.Length).Zip(labels).Count(row => row.First == row.Second);

    private static IEnumerable<int> Choose(float[] logits, int count) =>
        logits.Chunk(logits.Length / count).Select(row => TensorPrimitives.IndexOfMax<float>(row));

    private IEnumerable<ReadyBatch> Prepare(ImageSplit split, bool needsTeacher, CancellationToken cancellation)
    {
        var plans = BatchPlan.Cut([.. Enumerable.Range(0, split.Count)], BatchSize).Select(samples => new BatchPlan(samples, null, needsTeacher));
        return batches.Open(split).Run(plans, (_, _) => { }, cancellation);
    }

    // KL(p || q) = sum p (ln p - ln q) with p = softmax(teacher), q = softmax(student).
    private static double Divergence(ReadOnlySpan<float> teacher, ReadOnlySpan<float> student)
    {
        var (sum, teacherLog, studentLog) = (0.0, LogSumExp(teacher), LogSumExp(student));
        for (var c = 0; c < teacher.Length; c++)
        {
            var log = teacher[c] - teacherLog;
            sum += Math.Exp(log) * (log - (student[c] - studentLog));
        }

        return sum;
    }

    private static double LogSumExp(ReadOnlySpan<float> values)
    {
        var (largest, sum) = ((double)TensorPrimitives.Max(values), 0.0);
        foreach (var value in values)
            sum += Math.Exp(value - largest);
        return largest + Math.Log(sum);
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
