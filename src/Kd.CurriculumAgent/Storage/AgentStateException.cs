using Kd.Core.Errors;

namespace Kd.CurriculumAgent.Storage;

/// <summary>Thrown when stored state cannot be used; the message names the file.</summary>
internal sealed class AgentStateException(string message, Exception? inner = null) : UserException(message, inner);
