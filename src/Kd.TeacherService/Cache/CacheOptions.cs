using System.ComponentModel.DataAnnotations;

namespace Kd.TeacherService.Cache;

/// <summary>What is kept in the cache: the section <c>Cache</c>.</summary>
internal sealed class CacheOptions
{
    public const string Section = "Cache";

    /// <summary>Logits of the most likely classes to keep of each view; 0 (default) keeps all. Allowed 0 to 32767.</summary>
    [Range(0, 32_767)]
    public int TopK { get; set; }

    /// <summary>How long an entry is kept; 0 (default) until the server evicts it. Allowed 0 to 3650 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan TimeToLive { get; set; }

    /// <summary>
    /// Keys that the Redis database may have; at this number nothing new is stored, which suits a run that comes back to the same views better than
    /// eviction does. 0 (default): no limit but the server's memory. Allowed 0 to 10^12.
    /// </summary>
    [Range(0L, 1_000_000_000_000L)]
    public long MaxKeys { get; set; }

    /// <summary>Memory of each replica for logits that were looked up or computed, MiB; they never change, so they are never asked for again. 0: none. Default 256; allowed 0 to 65536.</summary>
    [Range(0, 65_536)]
    public int Memory { get; set; } = 256;

    /// <summary>Where the AppHost's own server keeps its entries over restarts; read by the AppHost. Empty: in memory only.</summary>
    public string? Folder { get; set; }
}
