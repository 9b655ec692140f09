namespace Kd.StudentTrainer.Batches;

/// <summary>A batch that a step can take as it is.</summary>
/// <param name="Samples">Indexes of the samples in their split.</param>
/// <param name="Labels">Their classes.</param>
/// <param name="Pixels">uint8 RGB planes [N, 3, H, W].</param>
/// <param name="ViewSize">H and W, px.</param>
/// <param name="TeacherLogits">Row-major [N, C] at temperature 1, or null where the method needs none.</param>
/// <param name="RenderSeconds">Time that rendering took.</param>
/// <param name="IsTraced">Whether its preparation is in the trace, and so its step.</param>
internal sealed record ReadyBatch(
    int[] Samples,
    long[] Labels,
    ReadOnlyMemory<byte> Pixels,
    int ViewSize,
    float[]? TeacherLogits,
    double RenderSeconds = 0,
    bool IsTraced = false
)
{
    public int Count => Samples.Length;
}

/// <summary>Which views of which samples to prepare.</summary>
/// <param name="Samples">Indexes of the samples, in order.</param>
/// <param name="View">View index, or null for the evaluation view.</param>
/// <param name="NeedsTeacher">Whether teacher logits are wanted.</param>
/// <param name="IsTraced">Whether spans tell of it.</param>
internal sealed record BatchPlan(int[] Samples, int? View, bool NeedsTeacher, bool IsTraced = false)
{
    /// <summary>How many batches <see cref="Cut"/> makes.</summary>
    public static int Count(int samples, int batchSize)
    {
        var (whole, rest) = Math.DivRem(samples, batchSize);
        return rest == 0 || (rest == 1 && whole > 0) ? whole : whole + 1;
    }

    /// <summary>Cuts samples into batches. A last batch of one sample joins the one before, since batch norm cannot train on one.</summary>
    public static List<int[]> Cut(IReadOnlyList<int> samples, int batchSize)
    {
        var batches = samples.Chunk(batchSize).ToList();
        if (batches.Count > 1 && batches[^1].Length == 1)
        {
            batches[^2] = [.. batches[^2], .. batches[^1]];
            batches.RemoveAt(batches.Count - 1);
        }

        return batches;
    }
}
