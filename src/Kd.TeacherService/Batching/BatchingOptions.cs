using System.ComponentModel.DataAnnotations;

namespace Kd.TeacherService.Batching;

/// <summary>How requests share forward passes: the section <c>Batching</c>.</summary>
internal sealed class BatchingOptions
{
    public const string Section = "Batching";

    /// <summary>Views in one forward pass. A smaller one is padded to it, so that a view's logits do not depend on its neighbours. Default 32; allowed 1 to 1024.</summary>
    [Range(1, 1024)]
    public int MaxBatch { get; set; } = 32;

    /// <summary>How long a view may wait for others to share its pass. Default 2 ms; allowed 0 to 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Views that may wait; a request that would pass this is answered with RESOURCE_EXHAUSTED. Default 4096; allowed 1 to 1000000.</summary>
    [Range(1, 1_000_000)]
    public int LargestQueue { get; set; } = 4096;
}
