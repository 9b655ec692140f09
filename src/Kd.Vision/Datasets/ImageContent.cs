using Kd.Vision.Imaging;

namespace Kd.Vision.Datasets;

/// <summary>A picture and the hash of its content.</summary>
/// <param name="Image">Decoded pixels.</param>
/// <param name="Hash">Hash of the stored bytes (of the pixels if the picture is generated); equal content has equal hashes.</param>
public sealed record ImageContent(RgbImage Image, UInt128 Hash);
