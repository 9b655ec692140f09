using Kd.Core.Errors;

namespace Kd.Vision.Runtime;

/// <summary>The native libtorch libraries could not be loaded; the message says what was tried and how to mend it.</summary>
public sealed class TorchLoadException(string message, Exception? inner = null) : UserException(message, inner);
