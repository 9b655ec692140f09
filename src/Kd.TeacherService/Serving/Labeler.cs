using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Answers look-ups from the cache and labels views with the network.</summary>
internal sealed class Labeler(TeacherHost host, PassQueue queue, ILogitsCache cache, IOptions<CacheOptions> options)
{
    private LogitsCodec? _codec;

    public TeacherModel Model => host.Model ?? throw new TeacherNotReadyException();

    private LogitsCodec Codec => _codec ??= new LogitsCodec(Model.Description.Id, Model.Classes.Classes.Count, options.Value.TopK);

    /// <summary>The cached logits.</summary>
    public async Task<CachedLogits> LookupAsync(ViewId[] views, CancellationToken cancellation)
    {
        using var activity = TeacherTelemetry.Source.StartActivity("cache.lookup");
        var found = await cache.GetAsync(Codec, views, cancellation);
        var hits = views.Length - found.Missing.Count;
        TeacherTelemetry.Hits.Add(hits);
        TeacherTelemetry.Misses.Add(found.Missing.Count);
        activity?.SetTag("kd.teacher.cache.hits", hits).SetTag("kd.teacher.cache.asked", views.Length);
        return found;
    }

    /// <summary>Computes and stores the logits of views.</summary>
    /// <returns>Row-major [N, C].</returns>
    /// <exception cref="TeacherBusyException">Too many views wait already.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, CancellationToken cancellation)
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

        using var activity = TeacherTelemetry.Source.StartActivity("cache.store");
        await cache.SetAsync(codec, views, entries, cancellation);
        return logits;
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
