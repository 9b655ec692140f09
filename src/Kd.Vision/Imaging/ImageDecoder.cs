using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Kd.Vision.Imaging;

/// <summary>Decodes JPEG, PNG, WebP, GIF and BMP pictures of any mode (grayscale, palette, CMYK, alpha) to RGB.</summary>
/// <remarks>Works like Pillow's <c>convert("RGB")</c>: alpha is dropped, color profiles and the EXIF orientation are ignored.</remarks>
public static class ImageDecoder
{
    /// <summary>Pixels that a picture may have unless a caller says otherwise.</summary>
    public const long DefaultLargestArea = 100_000_000;

    private static readonly Vector128<byte> s_withoutAlpha = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);

    /// <summary>Decodes one picture, or some of its rows, which takes less time.</summary>
    /// <param name="encoded">The file's bytes.</param>
    /// <param name="name">Name of the picture in error messages.</param>
    /// <param name="largestArea">Pixels that it may have, at most 500 million; they are counted before anything is decoded.</param>
    /// <param name="choose">Chooses the rows that are needed; null: all. Formats without rows of their own are decoded as a whole, if there are any.</param>
    /// <exception cref="CorruptImageException">
    /// The bytes are not a complete picture in a known format, as far as the rows show, or it has too many pixels.
    /// </exception>
    public static RgbImage Decode(ReadOnlySpan<byte> encoded, string name, long largestArea = DefaultLargestArea, RowChoice? choose = null)
    {
        try
        {
            using var data = SKData.CreateCopy(encoded);
            using var stream = new SKMemoryStream(data);
            using var codec = SKCodec.Create(stream, out var opened);
            if (codec is null)
                throw new CorruptImageException(name, encoded.IsEmpty ? "the file is empty" : $"it is not a picture in a known format ({opened})");
            var (width, height) = (codec.Info.Width, codec.Info.Height);
            if ((long)width * height > largestArea)
                throw new CorruptImageException(
                    name,
                    $"it claims {width}x{height} pixels; at most {largestArea / 1e6:G3} million are allowed (Dataset:LargestPicture)"
                );
            var rows = choose?.Invoke(width, height) ?? PixelRows.All(height);
            if (rows.Count == 0)
                return new RgbImage(width, height, ReadOnlyMemory<byte>.Empty, rows);
            using var share = DecodingBudget.Shared.Take((long)width * height);
            var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            // Other formats have no rows to skip.
            if (rows.Count == height || codec.EncodedFormat != SKEncodedImageFormat.Jpeg || codec.StartScanlineDecode(info) != SKCodecResult.Success)
                rows = PixelRows.All(height);
            return new RgbImage(width, height, DropAlpha(Decode(codec, info, rows, name)), rows);
        }
        catch (Exception error) when (error is not (CorruptImageException or OutOfMemoryException))
        {
            throw new CorruptImageException(name, $"{error.GetType().Name}: {error.Message}".TrimEnd('.'));
        }
    }

    private static byte[] Decode(SKCodec codec, SKImageInfo info, PixelRows rows, string name)
    {
        var rgba = new byte[info.RowBytes64 * rows.Count];
        var pin = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        try
        {
            var target = pin.AddrOfPinnedObject();
            var result = rows.Count == info.Height ? codec.GetPixels(info, target) : DecodeRows(codec, info, rows, target);
            if (result != SKCodecResult.Success)
                throw new CorruptImageException(name, $"its data is damaged or ends too early ({result})");
        }
        finally
        {
            pin.Free();
        }

        return rgba;
    }

    // The codec has been told to decode row by row.
    private static SKCodecResult DecodeRows(SKCodec codec, SKImageInfo info, PixelRows rows, nint target) =>
        codec.SkipScanlines(rows.First) && codec.GetScanlines(target, rows.Count, info.RowBytes) == rows.Count
            ? SKCodecResult.Success
            : SKCodecResult.IncompleteInput;

    private static byte[] DropAlpha(byte[] rgba)
    {
        var rgb = new byte[rgba.Length / 4 * 3];
        var done = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // Four pixels at a time; the last four bytes of each vector are overwritten by the next one.
            for (; 4 * done + 16 <= rgba.Length && 3 * done + 16 <= rgb.Length; done += 4)
                Vector128.Shuffle(Vector128.Create<byte>(rgba, 4 * done), s_withoutAlpha).CopyTo(rgb, 3 * done);
        }

        for (int from = 4 * done, to = 3 * done; from < rgba.Length; from += 4, to += 3)
        {
            rgb[to] = rgba[from];
            rgb[to + 1] = rgba[from + 1];
            rgb[to + 2] = rgba[from + 2];
        }

        return rgb;
    }
}
