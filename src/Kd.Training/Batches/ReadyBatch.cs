using Kd.Training.Teaching;

namespace Kd.Training.Batches;

/// <summary>A batch that is ready for a step.</summary>
internal sealed record ReadyBatch
{
    /// <summary>Indexes of the samples in their split, N of them.</summary>
    public required int[] Samples { get; init; }

    /// <summary>Class indexes of the samples, [N].</summary>
    public required long[] Labels { get; init; }

    /// <summary>uint8 RGB planes [N, 3, H, W].</summary>
    public required ReadOnlyMemory<byte> Pixels { get; init; }

    /// <summary>H and W, px.</summary>
    public required int ViewSize { get; init; }

    /// <summary>The logits of the teacher or of several; null if the method needs none.</summary>
    public TeacherAnswers? Answers { get; init; }

    /// <summary>Logits of the teacher or of the mean of several, row-major [N, C], at temperature 1; null if the method needs none.</summary>
    public float[]? TeacherLogits
    {
        get => Answers?.Mean(Count);
        init => Answers = value is null ? null : new TeacherAnswers([value], [1]);
    }

    /// <summary>Duration of the rendering, seconds.</summary>
    public double RenderSeconds { get; init; }

    /// <summary>Whether preparation and step of this batch are traced.</summary>
    public bool IsTraced { get; init; }

    /// <summary>Number of samples, N.</summary>
    public int Count => Samples.Length;
}

/// <summary>A batch that is to be prepared.</summary>
/// <param name="Samples">Indexes of the samples, in order.</param>
/// <param name="View">View index; null: the evaluation view.</param>
/// <param name="NeedsTeacher">Whether teacher logits are needed.</param>
/// <param name="IsTraced">Whether preparation and step are traced.</param>
internal sealed record BatchPlan(int[] Samples, int? View, bool NeedsTeacher, bool IsTraced = false)
{
    /// <summary>Number of leading samples with another view, and its index: those that the epoch before did not use.</summary>
    public (int Count, int View) Carried { get; init; }

    /// <summary>Cuts samples into batches. A single last sample joins the batch before, since batch norm cannot train on one sample.</summary>
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
