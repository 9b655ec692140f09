using Kd.Training.Batches;
using Kd.Training.Students;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Kd.Vision.Views;

namespace Kd.Training.Artifacts;

/// <summary>
/// Collects the hardest and the easiest samples of an epoch, in the views that were trained on, with the predictions of teacher and student at that step.
/// </summary>
/// <param name="dataset">The images.</param>
internal sealed class SampleGallery(ImageDataset dataset)
{
    /// <summary>Largest number of samples in each list.</summary>
    public const int MaxSamples = 8;

    private const int PredictionsPerSample = 3;
    private readonly List<KeptSample> _hardest = [],
        _easiest = [];

    /// <summary>Chooses the rows of a batch that may belong to the hardest or easiest samples.</summary>
    /// <param name="difficulty">Difficulty of each row, 0 to 1.</param>
    /// <returns>Indexes of the rows, ascending.</returns>
    public int[] Choose(float[] difficulty)
    {
        var (floor, ceiling) = (
            _hardest.Count < MaxSamples ? float.NegativeInfinity : _hardest[^1].Difficulty,
            _easiest.Count < MaxSamples ? float.PositiveInfinity : _easiest[^1].Difficulty
        );
        return [.. Enumerable.Range(0, difficulty.Length).Where(row => difficulty[row] > floor || difficulty[row] < ceiling)];
    }

    /// <summary>Adds the chosen rows of a step.</summary>
    public void Record(ReadyBatch batch, StepResult result)
    {
        if (result.Chosen is not { } chosen)
            return;
        var width = batch.TeacherLogits!.Length / batch.Count;
        foreach (var (at, row) in chosen.Rows.Index())
        {
            var kept = new KeptSample(
                batch.Samples[row],
                result.Difficulty![row],
                MostProbable(Softmax(batch.TeacherLogits.AsSpan(row * width, width))),
                MostProbable(chosen.Probabilities.AsSpan(at * width, width)),
                row,
                batch.ViewSize
            );
            Insert(_hardest, kept, (a, b) => b.Difficulty.CompareTo(a.Difficulty));
            Insert(_easiest, kept, (a, b) => a.Difficulty.CompareTo(b.Difficulty));
        }

        // All rows of a first batch are chosen and most are replaced by later ones; only the pixels of those that remain are copied.
        var bytes = ViewRenderer.ByteCount(batch.ViewSize);
        foreach (var kept in _hardest.Concat(_easiest).Where(kept => kept.Planes is null))
            kept.Planes = batch.Pixels.Slice(kept.Row * bytes, bytes).ToArray();
    }

    /// <summary>Writes samples.json, and clears the lists for the next epoch.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="epoch">Index of the epoch, from 0.</param>
    public void Write(RunFolder folder, int epoch)
    {
        if (_hardest.Count > 0)
            folder.WriteJson(RunFolder.SamplesFile, new EpochSamples(epoch, _hardest.ConvertAll(ToView), _easiest.ConvertAll(ToView)));
        _hardest.Clear();
        _easiest.Clear();
    }

    private static void Insert(List<KeptSample> list, KeptSample kept, Comparison<KeptSample> order)
    {
        var at = list.FindIndex(other => order(kept, other) < 0);
        list.Insert(at < 0 ? list.Count : at, kept);
        if (list.Count > MaxSamples)
            list.RemoveAt(MaxSamples);
    }

    private static float[] Softmax(ReadOnlySpan<float> logits)
    {
        var probabilities = new float[logits.Length];
        System.Numerics.Tensors.TensorPrimitives.SoftMax(logits, probabilities);
        return probabilities;
    }

    private static (int Class, float Probability)[] MostProbable(ReadOnlySpan<float> probabilities) =>
        [.. probabilities.ToArray().Index().OrderByDescending(entry => entry.Item).ThenBy(entry => entry.Index).Take(PredictionsPerSample)];

    private SampleView ToView(KeptSample kept) =>
        new()
        {
            Sample = kept.Sample,
            Name = dataset.Train.NameOf(kept.Sample),
            Class = dataset.ClassOf(kept.Sample),
            Difficulty = kept.Difficulty,
            Teacher = ToGuesses(kept.Teacher),
            Student = ToGuesses(kept.Student),
            Picture = Thumbnail.ToDataUri(ToImage(kept)),
        };

    private List<Guess> ToGuesses((int Class, float Probability)[] best) =>
        [.. best.Select(entry => new Guess(dataset.ClassNames[entry.Class], entry.Probability))];

    private static RgbImage ToImage(KeptSample kept)
    {
        var planes = kept.Planes!;
        var pixels = new byte[planes.Length];
        var plane = pixels.Length / 3;
        for (var i = 0; i < plane; i++)
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = (planes[i], planes[plane + i], planes[2 * plane + i]);
        return new RgbImage(kept.Size, kept.Size, pixels);
    }

    private sealed record KeptSample(
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

/// <summary>The content of samples.json.</summary>
/// <param name="Epoch">Index of the epoch, from 0.</param>
/// <param name="Hardest">The hardest samples, hardest first.</param>
/// <param name="Easiest">The easiest samples, easiest first.</param>
internal sealed record EpochSamples(int Epoch, IReadOnlyList<SampleView> Hardest, IReadOnlyList<SampleView> Easiest);

/// <summary>A sample in the view that was trained on.</summary>
internal sealed record SampleView
{
    /// <summary>Index in the training split.</summary>
    public required int Sample { get; init; }

    /// <summary>Name of the file.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the label.</summary>
    public required string Class { get; init; }

    /// <summary>Difficulty as measured in that step, 0 to 1.</summary>
    public required float Difficulty { get; init; }

    /// <summary>The teacher's predictions, most probable first; probabilities at temperature 1.</summary>
    public required IReadOnlyList<Guess> Teacher { get; init; }

    /// <summary>The student's predictions before that step, in training mode.</summary>
    public required IReadOnlyList<Guess> Student { get; init; }

    /// <summary>PNG as a data URI, at most 96 px.</summary>
    public required string Picture { get; init; }
}

/// <summary>A predicted class with its probability, 0 to 1.</summary>
internal sealed record Guess(string Class, float Probability);
