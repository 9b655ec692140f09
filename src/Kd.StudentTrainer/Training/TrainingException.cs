using Kd.Core.Errors;

namespace Kd.StudentTrainer.Training;

/// <summary>The run cannot go on or cannot begin; the message says why and what to do.</summary>
internal sealed class TrainingException(string message, Exception? inner = null) : UserException(message, inner);
