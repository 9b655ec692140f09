namespace Kd.Benchmarks;

/// <summary>The catalog of all benchmarks.</summary>
internal static class BenchmarkCatalog
{
    /// <summary>Benchmarks by name on the command line. The result is null if python3-torch is needed but not installed.</summary>
    public static IReadOnlyDictionary<string, Func<BenchmarkSize, Task<Ratio?>>> All { get; } =
        new Dictionary<string, Func<BenchmarkSize, Task<Ratio?>>>
        {
            ["label-overhead"] = async size => await ServingBenchmarks.LabelOverheadAsync(size),
            ["lookup"] = async size => await ServingBenchmarks.LookupAsync(size),
            ["form"] = async size => await FormBenchmarks.FormAsync(size),
            ["form-peer"] = FormBenchmarks.PeerAsync,
            ["engine-50"] = async size => await EngineBenchmarks.ResNet50Async(size),
            ["engine-152"] = async size => await EngineBenchmarks.ResNet152Async(size),
            ["scale-out"] = async size => await FleetBenchmarks.ScaleOutAsync(size),
            ["scale-out-64"] = async size => await FleetBenchmarks.ScaleOut64Async(size),
            ["elastic"] = async size => await FleetBenchmarks.ElasticAsync(size),
            ["doubling"] = async size => await DoublingBenchmark.RunAsync(size),
            ["prelabel"] = async size => await FleetBenchmarks.PrelabelAsync(size),
            ["cold-epoch"] = async size => await ColdEpochBenchmark.RunAsync(size),
            ["warm-epoch"] = async size => await TrainingBenchmarks.WarmEpochAsync(size),
            ["warm-epoch-system"] = async size => await WarmSystemBenchmark.RunAsync(size),
            ["shards"] = async size => await ShardBenchmarks.ShardsAsync(size),
            ["shard-bytes"] = size => Task.FromResult<Ratio?>(ShardBenchmarks.ShardBytes(size)),
            ["step"] = TrainingBenchmarks.StepAsync,
            ["resolution"] = size => Task.FromResult<Ratio?>(TrainingBenchmarks.Resolution(size)),
            ["input"] = InputBenchmarks.InputAsync,
            ["decoded-store"] = async size => await InputBenchmarks.DecodedStoreAsync(size),
            ["mixed-precision"] = async size => await TrainingBenchmarks.MixedPrecisionAsync(size),
            ["sampler"] = async size => await SamplerBenchmark.RunAsync(size),
            ["study"] = async size => await StudyBenchmarks.StudyAsync(size),
            ["neighbors"] = async size => await StudyBenchmarks.NeighborsAsync(size),
            ["run-vs-reference"] = WholeRunBenchmark.RunAsync,
            ["start"] = async size => await StartBenchmark.RunAsync(size),
            ["resume"] = async size => await TrainingBenchmarks.ResumeAsync(size),
        };
}
