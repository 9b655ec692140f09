using System.Buffers.Binary;
using System.IO.Hashing;
using Kd.Tests;
using Kd.Vision.Imaging;
using SkiaSharp;

namespace Kd.Vision.Tests.Imaging;

public sealed class ImageDecoderTests
{
    [Theory]
    [InlineData(SKEncodedImageFormat.Png, SKColorType.Gray8)]
    [InlineData(SKEncodedImageFormat.Jpeg, SKColorType.Gray8)]
    [InlineData(SKEncodedImageFormat.Jpeg, SKColorType.Rgba8888)]
    [InlineData(SKEncodedImageFormat.Webp, SKColorType.Rgba8888)]
    public void Decode_AnyMode_GivesRgb(SKEncodedImageFormat format, SKColorType type)
    {
        var image = ImageDecoder.Decode(Encode(format, type, new SKColor(120, 120, 120)), "gray");

        Assert.Equal((20, 10), (image.Width, image.Height));
        Assert.All(image.Pixels.ToArray(), value => Assert.InRange(value, 118, 122));
    }

    [Fact]
    public void Decode_HalfTransparentPng_DropsAlphaWithoutDarkening()
    {
        var image = ImageDecoder.Decode(Encode(SKEncodedImageFormat.Png, SKColorType.Rgba8888, new SKColor(200, 100, 50, 128)), "alpha");

        Assert.Equal([200, 100, 50], image.Pixels[..3].ToArray());
    }

    [Fact]
    public void Decode_CmykJpeg_GivesRgb()
    {
        // An 8x8 CMYK (Adobe, inverted) JPEG of one color, made with Pillow: Image.new("CMYK", (8, 8), (0, 255, 255, 0)), pure red.
        var image = ImageDecoder.Decode(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "cmyk-red.jpg")), "cmyk");

        Assert.InRange(image.Pixels[0], 230, 255);
        Assert.InRange(image.Pixels[1], 0, 40);
        Assert.InRange(image.Pixels[2], 0, 40);
    }

    // waves-*.jpg: 61x47, made with Pillow. Their color is stored at half the width, one of them is progressive.
    [Theory]
    [InlineData("waves-422.jpg")]
    [InlineData("waves-progressive.jpg")]
    [InlineData("cmyk-red.jpg")]
    public void Decode_RowsOfAJpeg_AreThoseOfTheWholePicture(string name) =>
        AssertRowsAreThoseOfTheWhole(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name)));

    [Theory]
    [InlineData("n01443537_goldfish")]
    [InlineData("n01630670_common_newt")]
    [InlineData("n01748264_Indian_cobra")]
    public void Decode_RowsOfAPhoto_AreThoseOfTheWholePicture(string name) =>
        AssertRowsAreThoseOfTheWhole(File.ReadAllBytes(TestFiles.Shared($"parity/eval_transform/{name}.JPEG")));

    [Fact]
    public void Decode_NoRows_TellsTheSizeOfADamagedPicture()
    {
        var whole = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "waves-422.jpg"));

        var image = ImageDecoder.Decode(whole.AsSpan(..^800), "half", choose: (_, _) => PixelRows.None);

        Assert.Equal((61, 47, 0), (image.Width, image.Height, image.Pixels.Length));
        Assert.Throws<CorruptImageException>(() => ImageDecoder.Decode(whole.AsSpan(..^800), "half", choose: (_, _) => new PixelRows(30, 17)));
    }

    [Fact]
    public void Decode_RowsOfAPng_AreAllRows()
    {
        var image = ImageDecoder.Decode(Encode(SKEncodedImageFormat.Png, SKColorType.Rgba8888, SKColors.Red), "red", choose: (_, _) => new PixelRows(2, 3));

        Assert.Equal(PixelRows.All(10), image.Rows);
        Assert.Equal(3 * 20 * 10, image.Pixels.Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(0.5)]
    public void Decode_EmptyForeignOrTruncated_NamesThePicture(double share)
    {
        var whole = Encode(SKEncodedImageFormat.Jpeg, SKColorType.Rgba8888, SKColors.Red);
        var bytes = share switch
        {
            0 => [],
            3 => "not a picture"u8.ToArray(),
            _ => whole[..(int)(whole.Length * share)],
        };

        var error = Assert.Throws<CorruptImageException>(() => ImageDecoder.Decode(bytes, "cats/7.jpg"));

        Assert.Contains("'cats/7.jpg'", error.Message);
    }

    [Fact]
    public void Decode_MorePixelsThanAllowed_IsRefusedBeforeDecoding()
    {
        var bytes = Encode(SKEncodedImageFormat.Png, SKColorType.Rgba8888, SKColors.Red);
        Assert.Equal(20, ImageDecoder.Decode(bytes, "fits", largestArea: 200).Width);

        var error = Assert.Throws<CorruptImageException>(() => ImageDecoder.Decode(bytes, "large.png", largestArea: 199));

        Assert.Contains("20x10", error.Message);
        Assert.Contains("Dataset:LargestPicture", error.Message);
    }

    [Theory]
    [InlineData(30_000, 30_000)]
    [InlineData(2_000_000_000, 1)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Decode_HeaderThatClaimsAHugePicture_TakesNoMemory(int width, int height)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CorruptImageException>(() => ImageDecoder.Decode(PngHeader(width, height), "bomb.png"));

        Assert.Contains("bomb.png", error.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    // The most that an option allows: more bytes than an array holds must be a corrupt picture, not the end of the run.
    [Fact]
    public void Decode_TruncatedPictureOfTheLargestSize_IsACorruptPicture() =>
        Assert.Throws<CorruptImageException>(() => ImageDecoder.Decode(PngHeader(30_000, 30_000), "bomb.png", largestArea: long.MaxValue));

    private static void AssertRowsAreThoseOfTheWhole(byte[] encoded)
    {
        var whole = ImageDecoder.Decode(encoded, "whole");
        var height = whole.Height;
        foreach (var rows in new PixelRows[] { new(0, 1), new(1, height - 1), new(height / 3, height / 2), new(height - 1, 1), new(0, height) })
        {
            var part = ImageDecoder.Decode(encoded, "part", choose: (_, _) => rows);
            Assert.Equal((whole.Width, height, rows), (part.Width, part.Height, part.Rows));
            Assert.True(part.Pixels.SequenceEqual(whole.Pixels.Slice(3 * whole.Width * rows.First, 3 * whole.Width * rows.Count)), $"{rows} differ");
        }
    }

    private static byte[] PngHeader(int width, int height)
    {
        var header = new byte[17];
        "IHDR"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(8), height);
        // 8 bits, RGB.
        (header[12], header[13]) = (8, 2);
        var checksum = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc32.HashToUInt32(header));
        return [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0, 13, .. header, .. checksum];
    }

    private static byte[] Encode(SKEncodedImageFormat format, SKColorType type, SKColor color)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(20, 10, type, type == SKColorType.Gray8 ? SKAlphaType.Opaque : SKAlphaType.Unpremul));
        bitmap.Erase(color);
        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }
}
