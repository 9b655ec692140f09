namespace Kd.StudentTrainer.Queue;

/// <summary>The trainer takes no more runs.</summary>
internal sealed class QueueClosedException()
    : Exception(
        "This trainer takes no further runs: it has done its work and is ending, or it was started for another task (Run:Task). Start one with Run:Stay=true or Run:Task=serve."
    );
