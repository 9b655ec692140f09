using Kd.Core.Errors;

namespace Kd.Vision.Imaging;

/// <summary>Thrown when a picture cannot be decoded; the message names the picture and the reason.</summary>
/// <param name="name">The file or row.</param>
/// <param name="reason">The reason, as a clause without a period.</param>
public sealed class CorruptImageException(string name, string reason) : UserException($"Image '{name}' cannot be decoded: {reason}.")
{
    /// <summary>The file or row.</summary>
    public string Name { get; } = name;
}
