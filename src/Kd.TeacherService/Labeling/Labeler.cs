using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Model;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Labeling;

/// <summary>Answers look-ups from the cache and labels views with the network.</summary>
internal sealed class Labeler(
    ServedTeacher teacher,
    PassQueue queue,
    MemoryLogitsCache cache,
    ILogitsCache shared,
    IOptions<CacheOptions> options,
    TeacherMetrics metrics
)
{
    // Longer than a pause of the garbage collector, which is no sign of a slow server. Where a pass is faster than this, only the few calls before the
    // circuit opens take longer.
    private static readonly TimeSpan s_minimumPatience = TimeSpan.FromMilliseconds(50);
    private LogitsCodec? _codec;

    /// <summary>The loaded teacher.</summary>
    /// <exception cref="TeacherNotReadyException">It is still loading.</exception>
    public TeacherModel Model => teacher.GetModel();

    private LogitsCodec Codec => _codec ??= new LogitsCodec(Model.Description.Id, Model.Classes.Classes.Count, options.Value.TopK, options.Value.Key);

    /// <summary>Looks up cached logits.</summary>
    /// <param name="views">N ids.</param>
    /// <param name="stored">Whether to read only the shared cache, not this replica's memory.</param>
    /// <param name="cancellation">Cancels the call.</param>
    public async Task<CachedLogits> LookupAsync(ViewId[] views, bool stored, CancellationToken cancellation)
    {
        var codec = Codec;
        using var activity = TeacherTelemetry.Source.StartActivity(TeacherTelemetry.ReadCache);
        var found = await (stored ? shared : cache).GetAsync(codec, views, Patience(views.Length), cancellation);
        var hits = views.Length - found.Missing.Count;
        metrics.CacheHits.Add(hits);
        metrics.CacheMisses.Add(found.Missing.Count);
        activity?.SetTag("kd.views", views.Length).SetTag("kd.teacher.cache.hits", hits);
        return found;
    }

    /// <summary>Computes the logits of views and stores them.</summary>
    /// <param name="views">N ids.</param>
    /// <param name="pixels">uint8 planes [N, 3, size, size].</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="store">Whether to store the logits in the cache.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Row-major [N, C].</returns>
    /// <exception cref="TeacherBusyException">Too many views are waiting.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, bool store, string client, CancellationToken cancellation)
    {
        var codec = Codec;
        var rows = await queue.EnqueueAsync(views, pixels, size, client, cancellation);
        var entries = views.Zip(rows, (view, row) => codec.Encode(view, row)).ToArray();
        var logits = new Half[views.Length * codec.Classes];
        for (var row = 0; row < rows.Length; row++)
        {
            var target = logits.AsSpan(row * codec.Classes, codec.Classes);
            // The reply has the same logits as later look-ups, also where entries omit some.
            if (codec.IsLossy)
                codec.TryDecode(views[row], entries[row], target);
            else
                rows[row].CopyTo(target);
        }

        if (!store)
            return logits;
        using var activity = TeacherTelemetry.Source.StartActivity(TeacherTelemetry.WriteCache);
        activity?.SetTag("kd.views", views.Length);
        await cache.SetAsync(codec, views, entries, Patience(views.Length), cancellation);
        return logits;
    }

    // A look-up and a store may each take half as long as computing the views, so that a slow cache at most doubles the time.
    private TimeSpan Patience(int views)
    {
        var half = queue.EstimateDuration(views) / 2;
        return half > s_minimumPatience ? half : s_minimumPatience;
    }
}
