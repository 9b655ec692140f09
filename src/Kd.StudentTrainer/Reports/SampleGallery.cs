using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Reports;

/// <summary>The hardest and the easiest samples of an epoch, in the views that were trained on, with what teacher and student took them for at that step.</summary>
/// <param name="split">The training images.</param>
/// <param name="classes">Names by class index.</param>
internal sealed class SampleGallery(ImageSplit split, IReadOnlyList<string> classes)
{
    /// <summary>Samples of each kind.</summary>
    public const int Most = 8;

    private const int Guesses = 3;
    private readonly List<Kept> _hardest = [],
        _easiest = [];

    /// <summary>Rows of a batch whose predictions are worth keeping.</summary>
    /// <param name="difficulty">Of each row, 0 to 1.</param>
    /// <returns>Their indexes, ascending.</returns>
    public int[] Choose(float[] difficulty)
    {
        var (floor, ceiling) = (
            _hardest.Count < Most ? float.NegativeInfinity : _hardest[^1].Difficulty,
            _easiest.Count < Most ? float.PositiveInfinity : _easiest[^1].Difficulty
        );
        return [.. Enumerable.Range(0, difficulty.Length).Where(row => difficulty[row] > floor || difficulty[row] < ceiling)];
    }

    /// <summary>Takes the chosen rows of a step.</summary>
    public void Record(ReadyBatch batch, StepResult result)
    {
        if (result.Chosen is not { } chosen)
            return;
        var width = batch.TeacherLogits!.Length / batch.Count;
        foreach (var (at, row) in chosen.Rows.Index())
        {
            var kept = new Kept(
                batch.Samples[row],
                result.Difficulty![row],
                BestOf(Softmax(batch.TeacherLogits.AsSpan(row * width, width))),
                BestOf(chosen.Probabilities.AsSpan(at * width, width)),
                row,
                batch.ViewSize
            );
            Insert(_hardest, kept, (a, b) => b.Difficulty.CompareTo(a.Difficulty));
            Insert(_easiest, kept, (a, b) => a.Difficulty.CompareTo(b.Difficulty));
        }

        // Of a first batch all rows are chosen and most are replaced by others of it: only what has stayed is copied.
        var bytes = ViewRenderer.ByteCount(batch.ViewSize);
        foreach (var kept in _hardest.Concat(_easiest).Where(kept => kept.Planes is null))
            kept.Planes = batch.Pixels.Slice(kept.Row * bytes, bytes).ToArray();
    }

    /// <summary>Writes samples.json, and begins anew.</summary>
    /// <param name="folder">The run's.</param>
    /// <param name="epoch">From 0.</param>
    public void Write(RunFolder folder, int epoch)
    {
        if (_hardest.Count > 0)
            folder.WriteJson(RunFolder.SamplesFile, new EpochSamples(epoch, _hardest.ConvertAll(Show), _easiest.ConvertAll(Show)));
        _hardest.Clear();
        _easiest.Clear();
    }

    private static void Insert(List<Kept> list, Kept kept, Comparison<Kept> order)
    {
        var at = list.FindIndex(other => order(kept, other) < 0);
        list.Insert(at < 0 ? list.Count : at, kept);
        if (list.Count > Most)
            list.RemoveAt(Most);
    }

    private static float[] Softmax(ReadOnlySpan<float> logits)
    {
        var probabilities = new float[logits.Length];
        System.Numerics.Tensors.TensorPrimitives.SoftMax(logits, probabilities);
        return probabilities;
    }

    private static (int Class, float Probability)[] BestOf(ReadOnlySpan<float> probabilities) =>
        [.. probabilities.ToArray().Index().OrderByDescending(entry => entry.Item).ThenBy(entry => entry.Index).Take(Guesses)];

    private SampleView Show(Kept kept) =>
        new(
            kept.Sample,
            split.NameOf(kept.Sample),
            classes[split.Labels[kept.Sample]],
            kept.Difficulty,
            Name(kept.Teacher),
            Name(kept.Student),
            Thumbnail.ToDataUri(Picture(kept))
        );

    private List<Guess> Name((int Class, float Probability)[] best) => [.. best.Select(entry => new Guess(classes[entry.Class], entry.Probability))];

    private static RgbImage Picture(Kept kept)
    {
        var planes = kept.Planes!;
        var pixels = new byte[planes.Length];
        var plane = pixels.Length / 3;
        for (var i = 0; i < plane; i++)
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = (planes[i], planes[plane + i], planes[2 * plane + i]);
        return new RgbImage(kept.Size, kept.Size, pixels);
    }

    private sealed record Kept(
        int Sample,
        float Difficulty,
        (int Class, float Probability)[] Teacher,
        (int Class, float Probability)[] Student,
        int Row,
        int Size
    )
    {
        public byte[]? Planes { get; set; }
    }
}

/// <summary>The file samples.json.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Hardest">Hardest first.</param>
/// <param name="Easiest">Easiest first.</param>
internal sealed record EpochSamples(int Epoch, IReadOnlyList<SampleView> Hardest, IReadOnlyList<SampleView> Easiest);

/// <summary>A sample in the view that was trained on.</summary>
/// <param name="Sample">Index in the training split.</param>
/// <param name="Name">Its file.</param>
/// <param name="Class">Its label.</param>
/// <param name="Difficulty">As measured in that step, 0 to 1.</param>
/// <param name="Teacher">What the teacher takes it for, most probable first; probabilities at temperature 1.</param>
/// <param name="Student">The same for the student before that step, in training mode.</param>
/// <param name="Picture">PNG as a data URI, at most 96 px.</param>
internal sealed record SampleView(
    int Sample,
    string Name,
    string Class,
    float Difficulty,
    IReadOnlyList<Guess> Teacher,
    IReadOnlyList<Guess> Student,
    string Picture
);

/// <summary>A class with its probability, 0 to 1.</summary>
internal sealed record Guess(string Class, float Probability);
