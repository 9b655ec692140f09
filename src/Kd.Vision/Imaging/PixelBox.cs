namespace Kd.Vision.Imaging;

/// <summary>A rectangle of pixels.</summary>
/// <param name="X">Left edge, px.</param>
/// <param name="Y">Top edge, px.</param>
/// <param name="Width">Width, px.</param>
/// <param name="Height">Height, px.</param>
public readonly record struct PixelBox(int X, int Y, int Width, int Height);
