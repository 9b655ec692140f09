using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>Logits by teacher and view. It never fails: what it cannot give is a miss.</summary>
internal interface ILogitsCache
{
    /// <summary>The rows that are there; null for the others.</summary>
    Task<Half[]?[]> GetAsync(string teacherId, ViewId[] views, int classes, CancellationToken cancellation);

    /// <summary>Stores rows, as far as the cache is there.</summary>
    /// <param name="logits">Row-major [N, C].</param>
    Task SetAsync(string teacherId, ViewId[] views, Half[] logits, int classes, CancellationToken cancellation);
}

/// <summary>No cache is configured: everything is a miss.</summary>
internal sealed class NoLogitsCache : ILogitsCache
{
    public Task<Half[]?[]> GetAsync(string teacherId, ViewId[] views, int classes, CancellationToken cancellation) => Task.FromResult(new Half[]?[views.Length]);

    public Task SetAsync(string teacherId, ViewId[] views, Half[] logits, int classes, CancellationToken cancellation) => Task.CompletedTask;
}
