using System.ComponentModel.DataAnnotations;

namespace Kd.Settings;

/// <summary>Options of the batching of the teacher's requests into forward passes: the section <c>Batching</c>.</summary>
public sealed class BatchingOptions
{
    public const string Section = "Batching";

    [Setting("Views in one forward pass. A smaller pass is padded, so that the logits of a view do not depend on its neighbors.")]
    [Range(1, 1024)]
    public int MaxBatch { get; set; } = 32;

    [Setting("Time that a view waits for others to share its forward pass.")]
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    [Setting(
        "Largest number of waiting views; a request beyond it is refused with RESOURCE_EXHAUSTED and a retry hint. "
            + "A client that has nothing waiting may exceed it up to twice."
    )]
    [Range(1, 1_000_000)]
    public int LargestQueue { get; set; } = 4096;

    [Setting("Memory for the pixels of waiting views, MiB; a request beyond it is refused in the same way, unless nothing else waits.")]
    [Range(1, 1 << 20)]
    public int QueueMemory { get; set; } = 1024;

    [Setting("Time after which a forward pass counts as hung. The teacher then reports itself as unhealthy and ends, so that the host starts it again.")]
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan LongestPass { get; set; } = TimeSpan.FromMinutes(10);
}
