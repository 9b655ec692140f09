using Kd.Core.Errors;

namespace Kd.Vision.Datasets;

/// <summary>Thrown when a dataset cannot be used; the message names the place, the problem and what was expected.</summary>
/// <param name="message">The whole message.</param>
/// <param name="inner">The cause, if any.</param>
public sealed class DatasetException(string message, Exception? inner = null) : UserException(message, inner);
