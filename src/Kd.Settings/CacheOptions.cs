using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the teacher's cache: the section <c>Cache</c>.</summary>
public sealed class CacheOptions
{
    public const string Section = "Cache";

    [Setting("Number of the most likely classes whose logits are kept; 0: all.")]
    [Range(0, 32_767)]
    public int TopK { get; set; }

    [Setting(
        "Secret of the entries, 16 characters or more, the same for all teachers that share a Redis: entries of others who can write there are not believed. "
            + "Empty: entries have a checksum against damage only."
    )]
    [Secret]
    [MinLength(16, ErrorMessage = "Give 16 characters or more.")]
    public string? Key { get; set; }

    [Setting("Time that an entry is kept; 0: until the server evicts it.")]
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan TimeToLive { get; set; }

    [Setting(
        "Number of keys at which nothing new is stored, which suits a run that returns to the same views better than eviction does. "
            + "0: limited only by the server's memory."
    )]
    [Range(0L, 1_000_000_000_000L)]
    public long MaxKeys { get; set; }

    [Setting("Memory of each replica for logits in front of Redis, MiB; 0: none.")]
    [Range(0, 65_536)]
    public int Memory { get; set; } = 256;

    [Setting("Folder in which the AppHost's own cache keeps its entries; empty: in memory only. The AppHost sets it to cache in Run:Folder.", IsPath = true)]
    public string? Folder { get; set; }
}
