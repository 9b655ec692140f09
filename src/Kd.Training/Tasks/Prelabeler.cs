using Kd.Core.Randomness;
using Kd.Training.Batches;
using Kd.Training.Control;
using Kd.Vision.Views;

namespace Kd.Training.Tasks;

/// <summary>Lets each teacher label all views of a dataset ahead of training. It skips views in the cache, and so continues where it was stopped.</summary>
/// <remarks>
/// Several processes can label at once without coordination, on one machine or many: each processes the calls in its own order and finds the results of
/// the others in the cache, so that only views that are labeled at the same time are labeled twice.
/// </remarks>
/// <param name="batches">Images, views and teacher.</param>
/// <param name="viewsPerSample">Views per sample.</param>
/// <param name="monitor">Shows the progress.</param>
internal sealed class Prelabeler(BatchSource batches, int viewsPerSample, RunMonitor monitor)
{
    private long _done,
        _computed;

    /// <summary>Labels all views.</summary>
    /// <param name="orderSeed">Seed of this process's order of calls.</param>
    /// <param name="cancellation">Stops the labeling; views that are labeled remain in the cache.</param>
    /// <returns>Total number of views, over all teachers, and number of views that were computed now.</returns>
    public (long Views, long Computed) Execute(ulong orderSeed, CancellationToken cancellation)
    {
        var units = LabelingWork.Create(batches, viewsPerSample).ToArray();
        new CounterRandom(orderSeed, 0x1ABE1).Shuffle(units.AsSpan());
        var views = units.Sum(unit => (long)unit.Samples.Length);
        var bar = monitor.BeginProgress("label", views, "views");
        var options = new ParallelOptions { MaxDegreeOfParallelism = batches.Prefetch, CancellationToken = cancellation };
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
        var missing = await unit.Teacher.FindNotStoredAsync(ids, cancellation);
        if (missing.Length == 0)
            return 0;
        var size = batches.ViewSize;
        var pixels = new byte[missing.Length * ViewRenderer.ByteCount(size)];
        var views = unit.Source.Render(Array.ConvertAll(missing, index => unit.Samples[index]), pixels, cancellation);
        await unit.Teacher.LabelAsync(views, pixels, size, store: true, cancellation);
        return missing.Length;
    }
}
