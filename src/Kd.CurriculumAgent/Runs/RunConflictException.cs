namespace Kd.CurriculumAgent.Runs;

/// <summary>Thrown when a request does not match a run's state; the message says what was expected.</summary>
internal sealed class RunConflictException(string message) : Exception(message);

/// <summary>Thrown when a run does not exist.</summary>
internal sealed class UnknownRunException(string runId) : Exception($"Run '{runId}' is not known; call StartRun first.");
