using Kd.Core.Errors;

namespace Kd.Vision.Datasets;

/// <summary>A dataset cannot be used; the message names the place, what is wrong and what was expected.</summary>
/// <param name="message">The whole message.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class DatasetException(string message, Exception? inner = null) : UserException(message, inner);
