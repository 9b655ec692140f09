using Kd.Core.Errors;

namespace Kd.Vision.Runtime;

/// <summary>Thrown when the native libtorch libraries cannot be loaded; the message lists the attempts and explains how to fix it.</summary>
public sealed class TorchLoadException(string message, Exception? inner = null) : UserException(message, inner);
