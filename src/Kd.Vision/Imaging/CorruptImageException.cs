using Kd.Core.Errors;

namespace Kd.Vision.Imaging;

/// <summary>A picture cannot be decoded; the message names it and says why.</summary>
/// <param name="name">The file or row.</param>
/// <param name="reason">What is wrong with it.</param>
public sealed class CorruptImageException(string name, string reason) : UserException($"Image '{name}' cannot be decoded: {reason}.")
{
    /// <summary>The file or row.</summary>
    public string Name { get; } = name;
}
