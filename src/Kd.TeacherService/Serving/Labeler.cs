using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.Vision.Views;

namespace Kd.TeacherService.Serving;

/// <summary>Answers look-ups from the cache and labels views with the network.</summary>
internal sealed class Labeler(TeacherHost host, PassQueue queue, ILogitsCache cache)
{
    public TeacherModel Model => host.Model ?? throw new TeacherNotReadyException();

    /// <summary>The cached logits of each view, or null.</summary>
    public async Task<Half[]?[]> LookupAsync(ViewId[] views, CancellationToken cancellation)
    {
        var model = Model;
        using var activity = TeacherTelemetry.Source.StartActivity("cache.lookup");
        var found = await cache.GetAsync(model.Description.Id, views, model.Classes.Classes.Count, cancellation);
        var hits = found.Count(row => row is not null);
        TeacherTelemetry.Hits.Add(hits);
        TeacherTelemetry.Misses.Add(views.Length - hits);
        activity?.SetTag("kd.teacher.cache.hits", hits).SetTag("kd.teacher.cache.asked", views.Length);
        return found;
    }

    /// <summary>Computes and stores the logits of views.</summary>
    /// <returns>Row-major [N, C].</returns>
    /// <exception cref="TeacherBusyException">Too many views wait already.</exception>
    /// <exception cref="TeacherStoppingException">The service is stopping.</exception>
    public async Task<Half[]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, CancellationToken cancellation)
    {
        var model = Model;
        var rows = await queue.AskAsync(views, pixels, size, cancellation);
        var classes = model.Classes.Classes.Count;
        var logits = new Half[views.Length * classes];
        for (var row = 0; row < rows.Length; row++)
            rows[row].CopyTo(logits, row * classes);

        using var activity = TeacherTelemetry.Source.StartActivity("cache.store");
        await cache.SetAsync(model.Description.Id, views, logits, classes, cancellation);
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
