using System.Globalization;
using Kd.Benchmarks;
using Kd.Vision.Runtime;

if (args is [TimedTeachers.ServeArgument, var milliseconds, .. var ports])
    return await TimedTeachers.ServeAsync(
        double.Parse(milliseconds, CultureInfo.InvariantCulture),
        ports.Select(port => int.Parse(port, CultureInfo.InvariantCulture))
    );

if (args is ["--list"])
{
    Console.WriteLine(string.Join(Environment.NewLine, BenchmarkCatalog.All.Keys));
    return 0;
}

var size =
    args.Contains("--smoke") ? BenchmarkSize.Smoke
    : args.Contains("--quick") ? BenchmarkSize.Quick
    : BenchmarkSize.Full;
var names = args.Except(["--quick", "--smoke"]).ToList();
if (names.Find(name => !BenchmarkCatalog.All.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine(
        $"error: '{unknown}' is not a benchmark. Known: {string.Join(", ", BenchmarkCatalog.All.Keys)}; "
            + "--quick: shorter measurements; --smoke: only run the code; --list: list the names."
    );
    return 2;
}

TorchRuntime.EnsureLoaded();
foreach (var name in names.Count > 0 ? names : [.. BenchmarkCatalog.All.Keys])
    Console.WriteLine((await BenchmarkCatalog.All[name](size))?.ToString() ?? $"SKIPPED {name}: python3-torch and python3-torchvision are not installed");
return 0;
