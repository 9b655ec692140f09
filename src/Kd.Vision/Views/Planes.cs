namespace Kd.Vision.Views;

/// <summary>Separates interleaved pixels into planes.</summary>
internal static class Planes
{
    /// <summary>Splits R, G, B of each pixel into three planes.</summary>
    /// <param name="pixels">3 * size * size bytes, row by row.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="flip">Mirrors left to right.</param>
    /// <param name="target">Receives [3, size, size].</param>
    public static void Split(ReadOnlySpan<byte> pixels, int size, bool flip, Span<byte> target)
    {
        var plane = size * size;
        var red = target[..plane];
        var green = target.Slice(plane, plane);
        var blue = target.Slice(2 * plane, plane);
        var step = flip ? -3 : 3;
        for (var y = 0; y < size; y++)
        {
            var from = 3 * (y * size + (flip ? size - 1 : 0));
            for (var to = y * size; to < (y + 1) * size; to++, from += step)
            {
                red[to] = pixels[from];
                green[to] = pixels[from + 1];
                blue[to] = pixels[from + 2];
            }
        }
    }
}
