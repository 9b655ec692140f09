using Kd.TeacherService.Cache;
using Kd.Vision.Views;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Answers look-ups from the cache and labels views with the network.</summary>
internal sealed class Labeler(TeacherHost host, ILogitsCache cache, IOptions<TeacherOptions> options)
{
    private int _waiting;

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
    /// <exception cref="TeacherBusyException">Too many calls wait already.</exception>
    public async Task<Half[]> LabelAsync(ViewId[] views, ReadOnlyMemory<byte> pixels, int size, CancellationToken cancellation)
    {
        var model = Model;
        if (Interlocked.Increment(ref _waiting) > options.Value.LargestQueue)
        {
            Interlocked.Decrement(ref _waiting);
            throw new TeacherBusyException(options.Value.LargestQueue);
        }

        Half[] logits;
        try
        {
            logits = await Task.Run(() => model.Compute(pixels, views.Length, size, cancellation), cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }

        using var activity = TeacherTelemetry.Source.StartActivity("cache.store");
        await cache.SetAsync(model.Description.Id, views, logits, model.Classes.Classes.Count, cancellation);
        return logits;
    }
}

/// <summary>The teacher is still loading.</summary>
internal sealed class TeacherNotReadyException() : Exception("The teacher is still loading its weights; try again shortly.");

/// <summary>Too many calls wait for the network.</summary>
internal sealed class TeacherBusyException(int limit) : Exception($"{limit} calls wait for the network already (Teacher:LargestQueue); try again later.");
