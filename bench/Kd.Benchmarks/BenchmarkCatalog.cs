namespace Kd.Benchmarks;

/// <summary>All benchmarks by the names that the command line knows.</summary>
internal static class BenchmarkCatalog
{
    /// <summary>Runs each; null where python3-torch, which it compares with, is not installed.</summary>
    public static IReadOnlyDictionary<string, Func<BenchmarkSize, Task<Ratio?>>> All { get; } =
        new Dictionary<string, Func<BenchmarkSize, Task<Ratio?>>>
        {
            ["label-overhead"] = async size => await ServingBenchmarks.LabelOverheadAsync(size),
            ["lookup"] = async size => await ServingBenchmarks.LookupAsync(size),
            ["form"] = async size => await FormBenchmarks.FormAsync(size),
            ["form-peer"] = FormBenchmarks.PeerAsync,
            ["scale-out"] = async size => await FleetBenchmarks.ScaleOutAsync(size),
            ["prelabel"] = async size => await FleetBenchmarks.PrelabelAsync(size),
            ["warm-epoch"] = async size => await TrainingBenchmarks.WarmEpochAsync(size),
            ["step"] = TrainingBenchmarks.StepAsync,
            ["input"] = InputBenchmarks.InputAsync,
            ["decoded-store"] = async size => await InputBenchmarks.DecodedStoreAsync(size),
            ["mixed-precision"] = async size => await TrainingBenchmarks.MixedPrecisionAsync(size),
            ["sampler"] = async size => await SamplerBenchmark.RunAsync(size),
            ["run-vs-reference"] = WholeRunBenchmark.RunAsync,
            ["resume"] = async size => await TrainingBenchmarks.ResumeAsync(size),
        };
}
