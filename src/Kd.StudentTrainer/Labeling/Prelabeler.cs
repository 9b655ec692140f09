using Kd.Core.Randomness;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Teaching;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Labeling;

/// <summary>Labels all views of a dataset ahead of training. What the cache has is left out, so it goes on where it was stopped.</summary>
/// <remarks>
/// Several may run at once, on one machine or many, without knowing of each other: each takes the calls in an order of its own and finds in the
/// cache what the others have done, so that only what they do at the very same time is done twice.
/// </remarks>
internal sealed class Prelabeler(RunContext context)
{
    private readonly TeacherClient _teacher = context.Teacher!;
    private long _done,
        _computed;

    /// <summary>Labels everything.</summary>
    /// <param name="order">Seed of this process's own order.</param>
    /// <param name="cancellation">Stops it; what is labelled stays.</param>
    /// <returns>Views in all, and how many of them were computed now.</returns>
    public (long Views, long Computed) Execute(ulong order, CancellationToken cancellation)
    {
        var units = LabelingWork.Create(context).ToArray();
        new CounterRandom(order, 0x1ABE1).Shuffle(units.AsSpan());
        var views = units.Sum(unit => (long)unit.Samples.Length);
        var bar = context.Progress.Begin("label", views, "views");
        var options = new ParallelOptions { MaxDegreeOfParallelism = context.Configuration.Run.Prefetch, CancellationToken = cancellation };
        Parallel
            .ForEachAsync(
                units,
                options,
                async (unit, token) =>
                {
                    var computed = await LabelAsync(unit, token);
                    Interlocked.Add(ref _computed, computed);
                    bar.Report(Interlocked.Add(ref _done, unit.Samples.Length), $"{Interlocked.Read(ref _computed)} computed");
                }
            )
            .GetAwaiter()
            .GetResult();
        return (views, _computed);
    }

    private async Task<int> LabelAsync(LabelingUnit unit, CancellationToken cancellation)
    {
        var ids = unit.Source.Identify(unit.Samples);
        var missing = await _teacher.FindNotStoredAsync(ids, cancellation);
        if (missing.Length == 0)
            return 0;
        var size = context.Planner.Size;
        var pixels = new byte[missing.Length * ViewRenderer.ByteCount(size)];
        var views = unit.Source.Render(Array.ConvertAll(missing, index => unit.Samples[index]), pixels, cancellation);
        await _teacher.LabelAsync(views, pixels, size, store: true, cancellation);
        return missing.Length;
    }
}
