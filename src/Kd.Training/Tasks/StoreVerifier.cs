using System.Numerics.Tensors;
using Kd.Core.Randomness;
using Kd.Training.Batches;
using Kd.Training.Control;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;
using Kd.Vision.Views;

namespace Kd.Training.Tasks;

/// <summary>Compares stored logits with newly computed ones on a random sample of all views.</summary>
/// <param name="batches">Images and views.</param>
/// <param name="teachers">The teachers.</param>
/// <param name="viewsPerSample">Views per sample.</param>
/// <param name="monitor">Shows the progress.</param>
internal sealed class StoreVerifier(BatchSource batches, IReadOnlyList<TeacherClient> teachers, int viewsPerSample, RunMonitor monitor)
{
    /// <summary>Largest difference that another device or library version can explain, in standard deviations of a view's logits.</summary>
    public const double Tolerance = 0.02;

    /// <summary>Verifies a random sample of views.</summary>
    /// <param name="sample">Number of views to draw.</param>
    /// <param name="seed">Seed of the sample.</param>
    /// <param name="cancellation">Cancels the verification.</param>
    public Verification Execute(int sample, ulong seed, CancellationToken cancellation)
    {
        var all = LabelingWork
            .Create(batches, teachers, viewsPerSample)
            .SelectMany(unit => unit.Samples.Select(index => (unit.Teacher, unit.Source, Sample: index)))
            .ToArray();
        new CounterRandom(seed, 0x7E51F).Shuffle(all.AsSpan());
        var result = new Verification(0, 0, 0, 0, 0);
        var bar = monitor.BeginProgress("verify", Math.Min(sample, all.Length), "views");
        foreach (var views in all.Take(sample).GroupBy(view => (view.Teacher, view.Source), view => view.Sample))
        {
            foreach (var samples in views.Chunk(views.Key.Teacher.CallSize))
            {
                result += VerifyAsync(new LabelingUnit(views.Key.Teacher, views.Key.Source, samples), cancellation).GetAwaiter().GetResult();
                bar.Report(result.Views, $"{result.Same} identical, {result.Wrong} wrong");
            }
        }

        return result;
    }

    private async Task<Verification> VerifyAsync(LabelingUnit unit, CancellationToken cancellation)
    {
        var stored = await unit.Teacher.GetStoredAsync(unit.Source.Identify(unit.Samples), cancellation);
        var present = unit.Samples.Where((_, index) => stored[index] is not null).ToArray();
        var result = new Verification(unit.Samples.Length, unit.Samples.Length - present.Length, 0, 0, 0);
        if (present.Length == 0)
            return result;
        var size = batches.ViewSize;
        var pixels = new byte[present.Length * ViewRenderer.ByteCount(size)];
        var ids = unit.Source.Render(present, pixels, cancellation);
        var fresh = await unit.Teacher.LabelAsync(ids, pixels, size, store: false, cancellation);
        foreach (var (old, now) in stored.OfType<float[]>().Zip(fresh))
            result += Compare(old, now);
        return result;
    }

    /// <summary>Compares one view's logits.</summary>
    internal static Verification Compare(ReadOnlySpan<float> stored, ReadOnlySpan<float> fresh)
    {
        if (stored.SequenceEqual(fresh))
            return new Verification(0, 0, 1, 0, 0);
        // The comparison is false for NaN, so that NaN counts as wrong.
        var difference = Largest(stored, fresh) / Deviation(fresh);
        return new Verification(0, 0, 0, difference <= Tolerance ? 0 : 1, difference);
    }

    private static double Largest(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var largest = 0.0;
        for (var i = 0; i < a.Length; i++)
            largest = Math.Max(largest, Math.Abs(a[i] - b[i]));
        return largest;
    }

    private static double Deviation(ReadOnlySpan<float> values) => Math.Max(TensorPrimitives.StdDev(values), 1e-6);
}

/// <summary>Counts of a verification.</summary>
/// <param name="Views">Views verified.</param>
/// <param name="Absent">Views that are not stored.</param>
/// <param name="Same">Views whose stored logits are bit-identical to the new ones.</param>
/// <param name="Wrong">Views whose stored logits differ by more than <see cref="StoreVerifier.Tolerance"/>.</param>
/// <param name="LargestDifference">Largest difference, in standard deviations of a view's logits.</param>
internal sealed record Verification(long Views, long Absent, long Same, long Wrong, double LargestDifference)
{
    /// <summary>Views whose stored logits differ, but no more than <see cref="StoreVerifier.Tolerance"/>.</summary>
    public long Close => Views - Absent - Same - Wrong;

    public static Verification operator +(Verification a, Verification b) =>
        new(a.Views + b.Views, a.Absent + b.Absent, a.Same + b.Same, a.Wrong + b.Wrong, Math.Max(a.LargestDifference, b.LargestDifference));

    /// <summary>Formats the counts.</summary>
    /// <exception cref="TrainingException">Stored logits are wrong.</exception>
    public string Summarize()
    {
        var counts = FormattableString.Invariant(
            $"{Views} views: {Same} identical to the bit, {Close} within {StoreVerifier.Tolerance} standard deviations, {Wrong} wrong, {Absent} not stored"
        );
        return Wrong == 0
            ? $"verified {counts}"
            : throw new TrainingException(
                FormattableString.Invariant($"Stored logits are wrong: {counts}; the largest difference is {LargestDifference:G3} standard deviations. ")
                    + "Delete the entries of this teacher (keys kd:v1:TEACHER:*, or the folder Cache:Folder) and label again."
            );
    }
}
