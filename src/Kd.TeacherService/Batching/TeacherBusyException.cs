namespace Kd.TeacherService.Batching;

/// <summary>Thrown when the queue has no room for a request's views.</summary>
internal sealed class TeacherBusyException(int limit, int memory, int waiting, TimeSpan retryAfter)
    : Exception(
        $"{waiting} views wait for the network, allowed are {limit} (Batching:LargestQueue) with {memory} MiB of pixels (Batching:QueueMemory); "
            + $"try again in {retryAfter.TotalMilliseconds:F0} ms."
    )
{
    /// <summary>Time after which there is probably room.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
