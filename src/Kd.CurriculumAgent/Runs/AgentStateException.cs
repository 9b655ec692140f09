using Kd.Core.Errors;

namespace Kd.CurriculumAgent.Runs;

/// <summary>The stored state of a run cannot be used; the message names the file.</summary>
internal sealed class AgentStateException(string message, Exception? inner = null) : UserException(message, inner);

/// <summary>A request does not fit the run's state; the message says what was expected.</summary>
internal sealed class RunConflictException(string message) : Exception(message);

/// <summary>The run is not known.</summary>
internal sealed class UnknownRunException(string runId) : Exception($"Run '{runId}' is not known; call StartRun first.");
