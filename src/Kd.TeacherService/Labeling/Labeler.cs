using System.Runtime.InteropServices;
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

    // A task that asks what is stored would take a late answer for a missing view.
    private static readonly TimeSpan s_storedPatience = TimeSpan.FromSeconds(1);
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
        var found = await (
            stored ? shared.GetAsync(codec, views, s_storedPatience, cancellation) : cache.GetAsync(codec, views, Patience(views.Length), cancellation)
        );
        var hits = views.Length - found.Missing.Count;
        metrics.CacheHits.Add(hits);
        metrics.CacheMisses.Add(found.Missing.Count);
        activity?.SetTag("kd.views", views.Length).SetTag("kd.teacher.cache.hits", hits);
        return found;
    }

    /// <summary>Computes the logits of views and stores them.</summary>
    /// <param name="call">The views.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>Row-major [N, C].</returns>
    /// <exception cref="TeacherBusyException">Too many views are waiting.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[]> LabelAsync(LabelCall call, CancellationToken cancellation)
    {
        if (!call.Store || !call.IsRetry)
            return await ComputeAsync(call, cancellation);
        var stored = await cache.GetAsync(Codec, call.Views, Patience(call.Views.Length), cancellation);
        var computed = stored.Missing.Count == 0 ? [] : await ComputeAsync(call.Take(stored.Missing), cancellation);
        return Merge(Codec.Classes, call.Views.Length, stored.Missing, MemoryMarshal.Cast<byte, Half>(stored.Logits.Span), computed);
    }

    private async Task<Half[]> ComputeAsync(LabelCall call, CancellationToken cancellation)
    {
        var (codec, views) = (Codec, call.Views);
        cancellation.ThrowIfCancellationRequested();
        using var request = queue.Enqueue(views, call.Pixels, call.Size, call.Client);
        Half[][] rows;
        try
        {
            rows = await request.WaitAsync(cancellation);
        }
        catch (Exception error) when (call.Store && error is OperationCanceledException or PassFailedException)
        {
            KeepFinished(codec, views, request);
            throw;
        }

        var entries = views.Zip(rows, (view, row) => codec.Encode(view, row)).ToArray();
        var logits = Pack(codec, views, rows, entries);
        if (!call.Store)
            return logits;
        using var activity = TeacherTelemetry.Source.StartActivity(TeacherTelemetry.WriteCache);
        activity?.SetTag("kd.views", views.Length);
        await cache.SetAsync(codec, views, entries, Patience(views.Length), cancellation);
        return logits;
    }

    private static Half[] Pack(LogitsCodec codec, ViewId[] views, Half[][] rows, byte[][] entries)
    {
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

        return logits;
    }

    // A call that expires or fails has computed some views: the next attempt needs less, so that even a teacher that is too slow for the deadline of a
    // call comes to its end.
    private void KeepFinished(LogitsCodec codec, ViewId[] views, PassRequest request)
    {
        var finished = views.Zip(request.Logits).Where(pair => pair.Second.IsCompletedSuccessfully).ToList();
        if (finished.Count == 0)
            return;
        ViewId[] ids = [.. finished.Select(pair => pair.First)];
        byte[][] entries = [.. finished.Select(pair => codec.Encode(pair.First, pair.Second.Result))];
        _ = cache.SetAsync(codec, ids, entries, Patience(ids.Length), CancellationToken.None);
    }

    private static Half[] Merge(int classes, int views, IReadOnlyList<int> missing, ReadOnlySpan<Half> stored, Half[] computed)
    {
        var logits = new Half[views * classes];
        var (next, at) = (0, 0);
        for (var row = 0; row < views; row++)
        {
            var target = logits.AsSpan(row * classes, classes);
            if (next < missing.Count && missing[next] == row)
                computed.AsSpan(next++ * classes, classes).CopyTo(target);
            else
                stored.Slice(at++ * classes, classes).CopyTo(target);
        }

        return logits;
    }

    // A look-up and a store may each take half as long as computing the views, so that a slow cache at most doubles the time.
    private TimeSpan Patience(int views)
    {
        var half = queue.EstimateDuration(views) / 2;
        return half > s_minimumPatience ? half : s_minimumPatience;
    }
}
