using Kd.Benchmarks;
using Kd.Vision.Runtime;

if (args is [FleetBenchmarks.ServeArgument, var port])
{
    TorchRuntime.EnsureLoaded();
    return await FleetBenchmarks.ServeAsync(int.Parse(port, null));
}

var benchmarks = new Dictionary<string, Func<bool, Task<Ratio?>>>
{
    ["label-overhead"] = async quick => await ServingBenchmarks.LabelOverheadAsync(quick),
    ["lookup"] = async quick => await ServingBenchmarks.LookupAsync(quick),
    ["form"] = async quick => await FormBenchmarks.FormAsync(quick),
    ["form-peer"] = FormBenchmarks.PeerAsync,
    ["scale-out"] = async quick => await FleetBenchmarks.ScaleOutAsync(quick),
    ["prelabel"] = async quick => await FleetBenchmarks.PrelabelAsync(quick),
    ["warm-epoch"] = async quick => await TrainingBenchmarks.WarmEpochAsync(quick),
    ["step"] = TrainingBenchmarks.StepAsync,
    ["input"] = InputBenchmarks.InputAsync,
    ["decoded-store"] = async quick => await InputBenchmarks.DecodedStoreAsync(quick),
    ["mixed-precision"] = async quick => await TrainingBenchmarks.MixedPrecisionAsync(quick),
    ["sampler"] = async quick => await SamplerBenchmark.RunAsync(quick),
    ["run-vs-reference"] = WholeRunBenchmark.RunAsync,
    ["resume"] = async quick => await TrainingBenchmarks.ResumeAsync(quick),
};
var quick = args.Contains("--quick");
var names = args.Where(arg => arg != "--quick").ToList();
if (names.Find(name => !benchmarks.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"error: '{unknown}' is not a benchmark. Known: {string.Join(", ", benchmarks.Keys)}; --quick for a short run.");
    return 2;
}

TorchRuntime.EnsureLoaded();
foreach (var name in names.Count > 0 ? names : [.. benchmarks.Keys])
    Console.WriteLine((await benchmarks[name](quick))?.ToString() ?? $"SKIPPED {name}: python3-torch and python3-torchvision are not installed");
return 0;
