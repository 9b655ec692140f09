namespace Kd.Training.Queue;

/// <summary>The trainer accepts no more runs.</summary>
internal sealed class QueueClosedException()
    : Exception(
        "This trainer accepts no more runs: it has finished and is shutting down, or it was started for another task (Run:Task). "
            + "Start one with Run:Stay=true or Run:Task=serve."
    );
