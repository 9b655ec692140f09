namespace Kd.StudentTrainer.Queue;

/// <summary>The trainer is ending and takes no more runs.</summary>
internal sealed class QueueClosedException() : Exception("The trainer has done its work and is ending. Start it with Run:Stay=true to start runs from its page.");
