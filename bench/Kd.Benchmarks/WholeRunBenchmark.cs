extern alias trainer;
using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Settings;
using SkiaSharp;
using trainer::Kd.Training.Artifacts;

namespace Kd.Benchmarks;

/// <summary>Compares a whole distillation run, which starts with a cold cache, with a plain PyTorch loop that runs the teacher in every step.</summary>
internal static class WholeRunBenchmark
{
    private const int Side = 64,
        Classes = 10,
        Views = 4;

    /// <summary>Measures the time of the reference relative to ours. The 20 epochs of the reference are extrapolated from 2 (quick: from 1).</summary>
    /// <returns>The ratio; null if python3-torch is not installed.</returns>
    public static async Task<Ratio?> RunAsync(BenchmarkSize size)
    {
        var (images, measured) = size.Choose((1000, 2), (200, 1), (20, 1));
        var (teacher, epochs, batch) = size.Choose(("resnet152", 20, 50), ("resnet152", 20, 50), ("resnet18", 1, 10));
        double theirs;
        using (var peer = await PyTorchPeer.StartAsync("reference_epoch.py", teacher, images, Side, batch, Classes))
        {
            if (peer is null)
                return null;
            var sum = 0.0;
            for (var epoch = 0; epoch < measured; epoch++)
                sum += await peer.MeasureAsync();
            theirs = sum / measured * epochs;
        }

        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var data = Draw(folder, images);
            await using var service = await BenchTeacher.StartAsync(
                $"--Teacher:Architecture={teacher}",
                "--Teacher:Weights=random",
                "--Teacher:InputSize=64",
                $"--Dataset:Path={data}"
            );
            await using var trainer = new BenchTrainer(
                BenchTeacher.Address,
                $"--Dataset:Path={data}",
                $"--Views:PerSample={Views}",
                "--Student:Form=Standard",
                $"--Training:BatchSize={batch}",
                $"--Training:Epochs={epochs}"
            );
            var started = Stopwatch.GetTimestamp();
            using var run = RunFolder.Open(Path.Combine(folder.FullName, "run"));
            var result = await Task.Run(() => trainer.Train(Methods.Kd, run));
            var ours = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return new Ratio(
                "run-vs-reference",
                theirs / ours,
                5,
                $"{images} images, {epochs} epochs: PyTorch {theirs:F0} s (extrapolated from {measured} epochs), ours {ours:F0} s "
                    + $"with validation, checkpoints and report; {result.TeacherComputed} views computed"
            );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Draw(DirectoryInfo folder, int images)
    {
        var data = Path.Combine(folder.FullName, "data");
        var random = new CounterRandom(3, 3);
        foreach (var (split, count) in new[] { ("train", images), ("val", Classes), ("test", Classes) })
        {
            for (var i = 0; i < count; i++)
            {
                var path = Path.Combine(data, split, $"class{i % Classes}", $"{i:D5}.png");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var bitmap = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
                foreach (ref var value in bitmap.GetPixelSpan())
                    value = (byte)random.NextInt32(256);
                using var encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
                File.WriteAllBytes(path, encoded.ToArray());
            }
        }

        return data;
    }
}
