using Kd.Vision.Views;

namespace Kd.TeacherService.Cache;

/// <summary>Caches logits by teacher and view. Calls never fail and return in time: what cannot be read is a miss, what cannot be stored is dropped.</summary>
internal interface ILogitsCache
{
    /// <summary>Reads the logits of views.</summary>
    /// <param name="codec">Codec of the teacher.</param>
    /// <param name="views">N ids.</param>
    /// <param name="patience">Time after which all views are misses.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<CachedLogits> GetAsync(LogitsCodec codec, ViewId[] views, TimeSpan patience, CancellationToken cancellation);

    /// <summary>Stores entries if the cache is available.</summary>
    /// <param name="codec">Codec of the teacher.</param>
    /// <param name="views">N ids.</param>
    /// <param name="entries">Their entries.</param>
    /// <param name="patience">Time after which the call returns and the entries are stored in the background.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    Task SetAsync(LogitsCodec codec, ViewId[] views, byte[][] entries, TimeSpan patience, CancellationToken cancellation);
}
