using Kd.Core.Errors;

namespace Kd.Training.Diagnostics;

/// <summary>A run cannot start or continue; the message explains why and what to do.</summary>
internal sealed class TrainingException(string message, Exception? inner = null) : UserException(message, inner);
