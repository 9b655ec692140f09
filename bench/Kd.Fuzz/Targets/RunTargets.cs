using System.Text;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Queue;
using Kd.Vision.Checkpoints;
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
