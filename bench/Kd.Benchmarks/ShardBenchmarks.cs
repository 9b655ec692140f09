extern alias trainer;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Vision.Checkpoints;
using Kd.Vision.Views;
using trainer::Kd.Protocol.Teacher.V1;
using trainer::Kd.Training.Configuration;
using trainer::Kd.Training.Shards;
using static TorchSharp.torch;

namespace Kd.Benchmarks;

/// <summary>Benchmarks of labels in parquet files.</summary>
internal static class ShardBenchmarks
{
    /// <summary>Measures the images/s of kd from label shards relative to those from a warm cache and the real service.</summary>
    public static async Task<Ratio> ShardsAsync(BenchmarkSize size)
    {
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            string[] settings =
            [
                $"--Run:Folder={folder.FullName}",
                "--Views:PerSample=1",
                "--Dataset:DemoValidationPerClass=1",
                $"--Student:Width={size.Choose("0.5", "0.25", "0.1")}",
                $"--Training:BatchSize={size.Choose(64, 64, 8)}",
                $"--Training:Epochs={size.Choose(5, 3, 2)}",
                $"--Dataset:DemoTrainPerClass={size.Choose(25, 25, 1)}",
            ];
            await using var service = await BenchTeacher.StartAsync("--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random");
            await using var warm = new BenchTrainer(BenchTeacher.Address, settings);
            var images = warm.Open().Dataset.Train.Count;
            var labels = new LabelOptions { Write = Path.Combine(folder.FullName, "labels") };
            var teacher = await warm.Teacher.DescribeAsync(warm.Open().Dataset.ClassNames, CancellationToken.None);
            using (var writer = new LabelWriter(labels, new ViewShard(0, 1), new LabelLayout(teacher, top: 0)))
                warm.CreatePrelabeler(writer).Execute(1, CancellationToken.None);
            await using var sharded = new BenchTrainer(BenchTeacher.Address, [.. settings, $"--Labels:Path={labels.Write}"]);
            // The first run of each includes just-in-time compilation; that of the service fills the cache.
            warm.MeasureEpoch(Methods.Kd);
            sharded.MeasureEpoch(Methods.Kd);
            var (cache, shards) = await Alternating.MeasureAsync(
                size.Choose(5, 3, 1),
                () => Task.Run(() => warm.MeasureEpoch(Methods.Kd)),
                () => Task.Run(() => sharded.MeasureEpoch(Methods.Kd))
            );
            return new Ratio("shards", cache / shards, 1, $"kd from shards {images / shards:F0}, from a warm cache {images / cache:F0} images/s");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Measures the bytes of a view in a label shard, top 10 of 1000 classes, relative to all logits in safetensors float16; less is better.</summary>
    /// <remarks>
    /// The logits are independent and normal, of another deviation for each view: all classes are as frequent as each other, so that nothing but the layout
    /// makes them small. Files have as many views as Labels:FileViews by default.
    /// </remarks>
    public static Ratio ShardBytes(BenchmarkSize size)
    {
        const int classes = 1000;
        var views = size.Choose(new LabelOptions().FileViews, new LabelOptions().FileViews / 8, 64);
        var folder = Directory.CreateTempSubdirectory("kd-bench-");
        try
        {
            var teacher = new DescribeReply { TeacherId = new string('a', 32), Architecture = "resnet152" };
            teacher.Classes.AddRange(Enumerable.Range(0, classes).Select(one => $"n{one:D8}"));
            var layout = new LabelLayout(teacher, top: 10);
            var (all, labels, ids) = (new byte[2 * classes * views], new byte[layout.Size * views], new ViewId[views]);
            for (var view = 0; view < views; view++)
            {
                var random = new CounterRandom(1, (ulong)view);
                ids[view] = new ViewId(new UInt128(CounterRandom.Mix(1, (ulong)view), CounterRandom.Mix(2, (ulong)view)));
                var deviation = random.NextDouble(1, 8);
                float[] logits = [.. Enumerable.Range(0, classes).Select(_ => (float)(Half)(deviation * random.NextGaussian()))];
                layout.Encode(logits, labels.AsSpan(view * layout.Size, layout.Size));
                new LabelLayout(teacher, top: 0).Encode(logits, all.AsSpan(2 * classes * view));
            }

            var (shard, tensors) = (Path.Combine(folder.FullName, "labels.parquet"), Path.Combine(folder.FullName, "logits.safetensors"));
            LabelFile.Write(shard, layout, ids, labels);
            SafetensorsFile.Write(tensors, [new("logits", new TensorData(ScalarType.Float16, [views, classes], all))]);
            var (small, large) = ((double)new FileInfo(shard).Length / views, (double)new FileInfo(tensors).Length / views);
            return new Ratio("shard-bytes", small / large, 0.03, $"{small:F1}, {large:F1} bytes a view ({views} views); at most the goal is good");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
