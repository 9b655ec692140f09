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
}
