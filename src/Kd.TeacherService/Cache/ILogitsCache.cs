using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>Logits by teacher and view. It never fails, and it answers in time: what it cannot give is a miss, what it cannot take is dropped.</summary>
internal interface ILogitsCache
{
    /// <summary>The logits of the views that are there.</summary>
    /// <param name="codec">The teacher's.</param>
    /// <param name="views">N ids.</param>
    /// <param name="patience">After this time everything is a miss.</param>
    /// <param name="cancellation">Cancels.</param>
    Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation);

    /// <summary>Stores entries, as far as the cache is there.</summary>
    /// <param name="codec">The teacher's.</param>
    /// <param name="views">N ids.</param>
    /// <param name="entries">Their entries.</param>
    /// <param name="patience">After this time they are stored without anyone waiting for it.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation);
}

/// <summary>What a look-up found.</summary>
/// <param name="Missing">Indexes of the views that are not there, ascending.</param>
/// <param name="Logits">Float16, little-endian, row-major: C for each view that is there, in the order asked.</param>
internal sealed record CachedLogits(IReadOnlyList<int> Missing, ReadOnlyMemory<byte> Logits)
{
    /// <summary>Nothing is there.</summary>
    public static CachedLogits Nothing(int views) => new([.. Enumerable.Range(0, views)], default);
}

/// <summary>No shared cache is configured: everything is a miss.</summary>
internal sealed class NoLogitsCache : ILogitsCache
{
    public Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation) =>
        Task.FromResult(CachedLogits.Nothing(views.Length));

    public Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation) => Task.CompletedTask;
}
