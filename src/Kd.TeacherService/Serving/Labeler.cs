using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Answers look-ups from the cache and labels views with the network.</summary>
internal sealed class Labeler(TeacherHost host, PassQueue queue, MemoryLogitsCache cache, ILogitsCache shared, IOptions<CacheOptions> options)
{
    // A pause of the garbage collector is not a slow server. Where computing is faster than this, the few calls before the circuit opens pay for it.
    private static readonly TimeSpan s_leastPatience = TimeSpan.FromMilliseconds(50);
    private LogitsCodec? _codec;

    public TeacherModel Model => host.Model ?? throw new TeacherNotReadyException();

    private LogitsCodec Codec => _codec ??= new LogitsCodec(Model.Description.Id, Model.Classes.Classes.Count, options.Value.TopK);

    /// <summary>The cached logits.</summary>
    /// <param name="views">N ids.</param>
    /// <param name="stored">Only what the shared cache has, not this replica's memory.</param>
    /// <param name="cancellation">Cancels.</param>
    public async Task<CachedLogits> LookupAsync(ViewId[] views, bool stored, CancellationToken cancellation)
    {
        var codec = Codec;
        using var activity = TeacherTelemetry.Source.StartActivity(TeacherTelemetry.ReadCache);
        var found = await (stored ? shared : cache).GetAsync(codec, views, Patience(views.Length), cancellation);
        var hits = views.Length - found.Missing.Count;
        TeacherTelemetry.Hits.Add(hits);
        TeacherTelemetry.Misses.Add(found.Missing.Count);
        activity?.SetTag("kd.views", views.Length).SetTag("kd.teacher.cache.hits", hits);
        return found;
    }

    /// <summary>Computes the logits of views, and stores them.</summary>
    /// <param name="views">N ids.</param>
    /// <param name="pixels">uint8 planes [N, 3, size, size].</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="store">False leaves the cache as it is.</param>
    /// <param name="cancellation">Gives the views up.</param>
    /// <returns>Row-major [N, C].</returns>
    /// <exception cref="TeacherBusyException">Too many views wait already.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, bool store, CancellationToken cancellation)
    {
        var codec = Codec;
        var rows = await queue.AskAsync(views, pixels, size, cancellation);
        var entries = views.Zip(rows, (view, row) => codec.Encode(view, row)).ToArray();
        var logits = new Half[views.Length * codec.Classes];
        for (var row = 0; row < rows.Length; row++)
        {
            var target = logits.AsSpan(row * codec.Classes, codec.Classes);
            // What is answered is what later look-ups will answer, also where entries leave logits out.
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

    // A look-up and a store may each take half of the time that computing the views takes, so that a slow cache at most doubles it.
    private TimeSpan Patience(int views)
    {
        var half = queue.Expected(views) / 2;
        return half > s_leastPatience ? half : s_leastPatience;
    }
}

/// <summary>The teacher is still loading.</summary>
internal sealed class TeacherNotReadyException() : Exception("The teacher is still loading its weights; try again shortly.");

/// <summary>The service is stopping and takes no new work.</summary>
internal sealed class TeacherStoppingException() : Exception("The teacher is stopping; try another replica.");

/// <summary>Too many views wait for the network.</summary>
internal sealed class TeacherBusyException(int limit, int waiting, TimeSpan retryAfter)
    : Exception($"{waiting} views wait for the network, allowed are {limit} (Batching:LargestQueue); try again in {retryAfter.TotalMilliseconds:F0} ms.")
{
    /// <summary>When there will probably be room.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
