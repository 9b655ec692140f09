using Kd.Core.Randomness;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Shards;
using Kd.Training.Teaching;
using Kd.Vision.Views;

namespace Kd.Training.Tasks;

/// <summary>Lets each teacher label the views of a dataset ahead of training. It skips views that have labels, and so continues where it was stopped.</summary>
/// <remarks>
/// Several processes can label at once without coordination, on one machine or many: each processes the calls in its own order and finds the results of
/// the others in the cache, so that only views that are labeled at the same time are labeled twice. With a shard each, they do not need the cache for that.
/// </remarks>
/// <param name="batches">Images and views.</param>
/// <param name="teachers">The teachers.</param>
/// <param name="viewsPerSample">Views per sample.</param>
/// <param name="monitor">Shows the progress.</param>
internal sealed class Prelabeler(BatchSource batches, IReadOnlyList<TeacherClient> teachers, int viewsPerSample, RunMonitor monitor)
{
    private long _done,
        _views,
        _computed,
        _missing;

    /// <summary>The views to label.</summary>
    public ViewShard Shard { get; init; } = new(0, 1);

    /// <summary>Receives the labels, which are stored in the cache otherwise.</summary>
    public LabelWriter? Writer { get; init; }

    /// <summary>Whether views that the cache lacks are counted instead of computed.</summary>
    public bool TakesStoredOnly { get; init; }

    /// <summary>Labels all views of the shard.</summary>
    /// <param name="orderSeed">Seed of this process's order of calls.</param>
    /// <param name="cancellation">Stops the labeling; views that are labeled keep their labels.</param>
    /// <returns>Number of views, over all teachers, of those that were computed now, and of those that were neither stored nor computed.</returns>
    public (long Views, long Computed, long Missing) Execute(ulong orderSeed, CancellationToken cancellation)
    {
        var units = LabelingWork.Create(batches, teachers, viewsPerSample).ToArray();
        new CounterRandom(orderSeed, 0x1ABE1).Shuffle(units.AsSpan());
        var bar = monitor.BeginProgress("label", units.Sum(unit => (long)unit.Samples.Length), "views");
        var options = new ParallelOptions { MaxDegreeOfParallelism = batches.Prefetch, CancellationToken = cancellation };
        try
        {
            Parallel
                .ForEachAsync(
                    units,
                    options,
                    async (unit, token) =>
                    {
                        await LabelAsync(unit, token);
                        bar.Report(Interlocked.Add(ref _done, unit.Samples.Length), $"{Interlocked.Read(ref _computed)} computed");
                    }
                )
                .GetAwaiter()
                .GetResult();
        }
        catch (OperationCanceledException)
        {
            Writer?.Flush();
            throw;
        }

        Writer?.Flush();
        return (_views, _computed, _missing);
    }

    private async Task LabelAsync(LabelingUnit unit, CancellationToken cancellation)
    {
        var all = unit.Source.Identify(unit.Samples);
        int[] mine = [.. Enumerable.Range(0, all.Length).Where(index => Shard.Contains(all[index]))];
        Interlocked.Add(ref _views, mine.Length);
        int[] wanted = [.. mine.Where(index => Writer?.Contains(all[index]) != true)];
        if (wanted.Length == 0)
            return;
        var views = Array.ConvertAll(wanted, index => all[index]);
        var labels = await unit.Teacher.GetStoredAsync(views, cancellation);
        int[] missing = [.. Enumerable.Range(0, views.Length).Where(index => labels[index] is null)];
        if (TakesStoredOnly)
            Interlocked.Add(ref _missing, missing.Length);
        else if (missing.Length > 0)
        {
            var computed = await ComputeAsync(unit, Array.ConvertAll(missing, index => unit.Samples[wanted[index]]), cancellation);
            foreach (var (index, label) in missing.Zip(computed))
                labels[index] = label;
        }

        Writer?.Add(views.Where((_, index) => labels[index] is not null), labels.OfType<float[]>());
    }

    private async Task<float[][]> ComputeAsync(LabelingUnit unit, int[] samples, CancellationToken cancellation)
    {
        var size = batches.ViewSize;
        var pixels = new byte[samples.Length * ViewRenderer.ByteCount(size)];
        var views = unit.Source.Render(samples, pixels, cancellation);
        var computed = await unit.Teacher.LabelAsync(views, pixels, size, store: Writer is null, cancellation);
        Interlocked.Add(ref _computed, samples.Length);
        return computed;
    }
}
