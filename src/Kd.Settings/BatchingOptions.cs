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

    [Setting("Largest number of waiting views; a request beyond it is refused with RESOURCE_EXHAUSTED and a retry hint.")]
    [Range(1, 1_000_000)]
    public int LargestQueue { get; set; } = 4096;
}
