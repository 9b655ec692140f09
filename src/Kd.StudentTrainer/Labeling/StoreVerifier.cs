using System.Numerics.Tensors;
using Kd.Core.Randomness;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Labeling;

/// <summary>Compares stored logits with fresh ones on a random sample of all views.</summary>
internal sealed class StoreVerifier(RunContext context)
{
    /// <summary>Largest difference, in standard deviations of a view's logits, that another device or library version explains.</summary>
    public const double Tolerance = 0.02;

    /// <summary>Verifies a sample.</summary>
    /// <param name="sample">Number of views to draw.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="cancellation">Stops it.</param>
    public Verification Execute(int sample, ulong seed, CancellationToken cancellation)
    {
        var all = LabelingWork.Create(context).SelectMany(unit => unit.Samples.Select(index => (unit.Source, Sample: index))).ToArray();
        new CounterRandom(seed, 0x7E51F).Shuffle(all.AsSpan());
        var result = new Verification(0, 0, 0, 0, 0);
        var bar = context.Progress.Begin("verify", Math.Min(sample, all.Length), "views");
        foreach (var source in all.Take(sample).GroupBy(view => view.Source, view => view.Sample))
        {
            foreach (var samples in source.Chunk(context.Teacher!.CallSize))
            {
                result += VerifyAsync(new LabelingUnit(source.Key, samples), cancellation).GetAwaiter().GetResult();
                bar.Report(result.Views, $"{result.Same} the same, {result.Wrong} wrong");
            }
        }

        return result;
    }

    private async Task<Verification> VerifyAsync(LabelingUnit unit, CancellationToken cancellation)
    {
        var stored = await context.Teacher!.GetStoredAsync(unit.Source.Identify(unit.Samples), cancellation);
        var present = unit.Samples.Where((_, index) => stored[index] is not null).ToArray();
        var result = new Verification(unit.Samples.Length, unit.Samples.Length - present.Length, 0, 0, 0);
        if (present.Length == 0)
            return result;
        var size = context.Planner.Size;
        var pixels = new byte[present.Length * ViewRenderer.ByteCount(size)];
        var ids = unit.Source.Render(present, pixels, cancellation);
        var fresh = await context.Teacher.LabelAsync(ids, pixels, size, store: false, cancellation);
        foreach (var (old, now) in stored.OfType<float[]>().Zip(fresh))
            result += Compare(old, now);
        return result;
    }

    /// <summary>Compares one view's logits.</summary>
    internal static Verification Compare(ReadOnlySpan<float> stored, ReadOnlySpan<float> fresh)
    {
        if (stored.SequenceEqual(fresh))
            return new Verification(0, 0, 1, 0, 0);
        // Written so that a NaN is wrong.
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

/// <summary>What a verification found.</summary>
/// <param name="Views">Views looked at.</param>
/// <param name="Absent">Views that are not stored.</param>
/// <param name="Same">Views whose stored logits are the fresh ones to the bit.</param>
/// <param name="Wrong">Views whose stored logits differ by more than <see cref="StoreVerifier.Tolerance"/>.</param>
/// <param name="LargestDifference">In standard deviations of a view's logits.</param>
internal sealed record Verification(long Views, long Absent, long Same, long Wrong, double LargestDifference)
{
    /// <summary>Views whose stored logits differ, but no more than <see cref="StoreVerifier.Tolerance"/>.</summary>
    public long Close => Views - Absent - Same - Wrong;

    public static Verification operator +(Verification a, Verification b) =>
        new(a.Views + b.Views, a.Absent + b.Absent, a.Same + b.Same, a.Wrong + b.Wrong, Math.Max(a.LargestDifference, b.LargestDifference));

    /// <exception cref="TrainingException">A stored view is wrong.</exception>
    public string Summarize()
    {
        var counts = FormattableString.Invariant(
            $"{Views} views: {Same} the same to the bit, {Close} within {StoreVerifier.Tolerance} standard deviations, {Wrong} wrong, {Absent} not stored"
        );
        return Wrong == 0
            ? $"verified {counts}"
            : throw new TrainingException(
                FormattableString.Invariant(
                    $"Stored logits are wrong: {counts}; the largest difference is {LargestDifference:G3} standard deviations. Delete the entries of this teacher (keys kd:v1:TEACHER:*, or the folder Cache:Folder) and label again."
                )
            );
    }
}
