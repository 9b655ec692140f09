using System.Text;
using Kd.Protocol.Teacher.V1;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Queue;
using Kd.Training.Shards;
using Kd.Vision.Checkpoints;
using Kd.Vision.Views;
using Microsoft.Extensions.Configuration;
using static TorchSharp.torch;

namespace Kd.Fuzz.Targets;

/// <summary>Files in the folders of runs.</summary>
internal static class RunTargets
{
    public static FuzzTarget Checkpoint { get; } = new("checkpoint", CheckpointSeeds, ReadCheckpoint);

    public static FuzzTarget Queue { get; } = new("queue", QueueSeeds, ReadQueue);

    /// <summary>metrics.jsonl and study.json.</summary>
    public static FuzzTarget Records { get; } = new("records", RecordSeeds, ReadRecords);

    /// <summary>Label shards of Labels:Path.</summary>
    public static FuzzTarget Labels { get; } = new("labels", LabelSeeds, ReadLabels);

    private static byte[][] LabelSeeds(string folder)
    {
        var teacher = new DescribeReply
        {
            TeacherId = "t",
            Architecture = "resnet18",
            Classes = { "a", "b", "c" },
        };
        var path = Path.Combine(folder, "labels.parquet");
        return [.. new[] { 0, 2 }.Select(Write)];

        byte[] Write(int top)
        {
            var layout = new LabelLayout(teacher, top);
            ViewId[] views = [.. Enumerable.Range(1, 20).Select(view => new ViewId((UInt128)view))];
            var labels = new byte[views.Length * layout.Size];
            for (var row = 0; row < views.Length; row++)
                layout.Encode([row, -row, 1], labels.AsSpan(row * layout.Size, layout.Size));
            LabelFile.Write(path, layout, views, labels);
            return File.ReadAllBytes(path);
        }
    }

    private static Action<byte[]> ReadLabels(string folder)
    {
        var path = Path.Combine(folder, "labels.parquet");
        return input =>
        {
            File.WriteAllBytes(path, input);
            LabelReader.Read(path, reader => reader.ReadLabels((_, _) => { }));
        };
    }

    private static byte[][] CheckpointSeeds(string folder)
    {
        var store = new CheckpointStore(RunFolder.Open(folder));
        store.Save(
            new RunState
            {
                TeacherId = "t",
                Epoch = 1,
                Step = 7,
            },
            new Dictionary<string, TensorData> { ["a"] = new TensorData(ScalarType.Float32, [4], new byte[16]) }
        );
        return [File.ReadAllBytes(Path.Combine(folder, CheckpointStore.FileName))];
    }

    private static Action<byte[]> ReadCheckpoint(string folder)
    {
        var store = new CheckpointStore(RunFolder.Open(folder));
        return input =>
        {
            File.WriteAllBytes(Path.Combine(folder, CheckpointStore.FileName), input);
            store.Load(_ => { });
        };
    }

    private static byte[][] QueueSeeds(string folder)
    {
        using (var queue = OpenQueue(folder))
            queue.Add(new Dictionary<string, string> { ["Run:Id"] = "one", ["Training:Epochs"] = "3" });
        return [File.ReadAllBytes(Path.Combine(folder, "queue.json")), "[]"u8.ToArray()];
    }

    private static Action<byte[]> ReadQueue(string folder) =>
        input =>
        {
            File.WriteAllBytes(Path.Combine(folder, "queue.json"), input);
            using var queue = OpenQueue(folder);
            queue.Next(stay: false, () => { }, CancellationToken.None)?.AllSettings();
        };

    private static RunQueue OpenQueue(string folder)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Run:Folder"] = folder }).Build();
        var reader = new RunConfigurationReader(settings);
        return new RunQueue(reader.Read(new Dictionary<string, string>()), settings, reader, new RunMonitor(TimeProvider.System), TimeProvider.System);
    }

    private static byte[][] RecordSeeds(string folder)
    {
        var run = RunFolder.Open(folder);
        run.AppendMetrics(
            new EpochMetrics
            {
                Epoch = 1,
                Loss = 1.5,
                ValidationAccuracy = 40,
                Samples = 96,
                Seconds = 2,
                ImagesPerSecond = 48,
                WaitSeconds = 0,
                CacheHits = 0,
                TeacherComputed = 0,
            }
        );
        return
        [
            File.ReadAllBytes(Path.Combine(folder, RunFolder.MetricsFile)),
            Encoding.UTF8.GetBytes("""[{"method":"kd","correct":3,"testImages":4,"samplesSeen":5,"teacherComputed":6,"cacheHits":7,"seconds":8}]"""),
        ];
    }

    private static Action<byte[]> ReadRecords(string folder)
    {
        var run = RunFolder.Open(folder);
        return input =>
        {
            run.WriteBytes(RunFolder.MetricsFile, input);
            run.ReadMetrics();
            run.TruncateMetrics(2);
            run.WriteBytes(RunFolder.StudyFile, input);
            run.ReadJson<List<RunResult>>(RunFolder.StudyFile, _ => { });
        };
    }
}
