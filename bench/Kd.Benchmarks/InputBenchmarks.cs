using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;
using Kd.Vision.Views;
using SkiaSharp;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of decoding and augmenting pictures.</summary>
internal static class InputBenchmarks
{
    private const int Width = 500,
        Height = 375,
        Side = 224;

    /// <summary>Measures augmented 224 px views/s from 500x375 JPEG files, relative to torchvision transforms on Pillow, one thread each.</summary>
    public static async Task<Ratio?> InputAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var files = Enumerable.Range(0, size.Choose(32, 32, 2)).Select(index => Draw(folder, index)).ToArray();
            var (rounds, count) = size.Choose((7, 400), (3, 200), (1, 4));
            using var peer = await PyTorchPeer.StartAsync("input_views.py", folder.FullName, Side, count);
            if (peer is null)
                return null;
            Rate(files, count);
            var (theirs, ours) = await Alternating.MeasureAsync(rounds, peer.MeasureAsync, () => Task.FromResult(Rate(files, count)));
            return new Ratio("input", ours / theirs, 2, $"torchvision on Pillow {theirs:F0} views/s, ours {ours:F0} views/s, one thread each");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Measures augmented 224 px views/s from the memory-mapped store, relative to decoding each time, one thread.</summary>
    public static async Task<Ratio> DecodedStoreAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var files = Enumerable.Range(0, size.Choose(32, 32, 2)).Select(index => Draw(folder, index)).ToArray();
            var store = new DecodedPictures(0, Path.Combine(folder.FullName, "decoded"), 1L << 30);
            var kept = Array.ConvertAll(files, file => store.TryKeep(new ImageContent(ImageDecoder.Decode(File.ReadAllBytes(file), file), 0))!.Image);
            var (rounds, count) = size.Choose((7, 400), (3, 200), (1, 4));
            Rate(files, count);
            var (decoding, stored) = await Alternating.MeasureAsync(
                rounds,
                () => Task.FromResult(Rate(files, count)),
                () => Task.FromResult(Rate(kept, (image, _) => image, count))
            );
            return new Ratio(
                "decoded-store",
                stored / decoding,
                1.5,
                $"decoding each time {decoding:F0} views/s, from the store {stored:F0} views/s, one thread"
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Rate(string[] files, int count) =>
        Rate(files, (file, rows) => ImageDecoder.Decode(File.ReadAllBytes(file), file, choose: rows), count);

    private static double Rate<T>(T[] sources, Func<T, RowChoice, RgbImage> get, int count)
    {
        var planner = new ViewPlanner(Side, small: false, seed: 1);
        var pixels = new byte[ViewRenderer.ByteCount(Side)];
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var image = get(sources[i % sources.Length], (width, height) => planner.Training(i, 0, width, height).RowsOf(height));
            ViewRenderer.Render(image, planner.Training(i, 0, image.Width, image.Height), pixels);
        }

        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    // Waves with a little noise, at the JPEG quality of cameras and ImageNet, give files about as large as a photo of this size.
    private static string Draw(DirectoryInfo folder, int index)
    {
        var random = new CounterRandom((ulong)index, 1);
        using var bitmap = new SKBitmap(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pixels = bitmap.GetPixelSpan();
        for (var i = 0; i < Width * Height; i++)
        {
            var (y, x) = Math.DivRem(i, Width);
            for (var c = 0; c < 3; c++)
                pixels[4 * i + c] = (byte)
                    Math.Clamp(
                        128 + 60 * Math.Sin((c + 1 + index % 5) * x / 60.0 + index) + 40 * Math.Cos((c + 2) * y / 45.0) + 6 * random.NextGaussian(),
                        0,
                        255
                    );
            pixels[4 * i + 3] = byte.MaxValue;
        }

        var path = Path.Combine(folder.FullName, $"{index:D3}.jpg");
        using var data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        File.WriteAllBytes(path, data.ToArray());
        return path;
    }
}
