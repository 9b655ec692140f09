extern alias trainer;

using System.Diagnostics;
using Kd.Core.Randomness;
using SkiaSharp;
using trainer::Kd.StudentTrainer.Runs;
using trainer::Kd.StudentTrainer.Training;

namespace Kd.Benchmarks;

/// <summary>A whole distillation run, caches cold at its start, against a plain PyTorch loop with the teacher in every step.</summary>
internal static class WholeRunBenchmark
{
    private const int Side = 64,
        Classes = 10,
        Views = 4;

    /// <summary>The reference's run over ours; its 20 epochs are extrapolated from 2 (quick: from 1). Null where python3-torch is not installed.</summary>
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
            await using var service = await BenchService.StartAsync(
                $"--Teacher:Architecture={teacher}",
                "--Teacher:Weights=random",
                "--Teacher:InputSize=64",
                $"--Dataset:Path={data}"
            );
            await using var trainer = new BenchTrainer(
                BenchService.Address,
                $"--Dataset:Path={data}",
                $"--Views:PerSample={Views}",
                "--Student:Form=Standard",
                $"--Training:BatchSize={batch}",
                $"--Training:Epochs={epochs}"
            );
            var started = Stopwatch.GetTimestamp();
            var context = await trainer.CreateContextAsync();
            using var run = RunFolder.Open(Path.Combine(folder.FullName, "run"));
            var result = await Task.Run(() => new TrainingRun(context, Methods.Kd, run).Execute(CancellationToken.None));
            var ours = Stopwatch.GetElapsedTime(started).TotalSeconds;
            return new Ratio(
                "run-vs-reference",
                theirs / ours,
                3,
                $"{images} images, {epochs} epochs: PyTorch {theirs:F0} s (extrapolated from {measured} epochs), ours {ours:F0} s, validation, checkpoints and report included; {result.TeacherComputed} views computed"
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
