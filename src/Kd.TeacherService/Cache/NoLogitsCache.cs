using Kd.TeacherService.Diagnostics;
using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>Stands in for the shared cache where none is configured: every view is a miss.</summary>
internal sealed class NoLogitsCache : ILogitsCache
{
    public NoLogitsCache(TeacherMetrics metrics) => metrics.ObserveCacheAvailable(() => false);

    public Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation) =>
        Task.FromResult(CachedLogits.Nothing(views.Length));

    public Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation) => Task.CompletedTask;
}
