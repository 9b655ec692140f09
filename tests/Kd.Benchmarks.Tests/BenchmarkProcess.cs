using System.Diagnostics;
using Kd.Tests;

namespace Kd.Benchmarks.Tests;

/// <summary>The benchmark program as its users start it.</summary>
internal static class BenchmarkProcess
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(10);

    /// <summary>Runs it to its end, at most 10 minutes.</summary>
    public static Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) => RunProgramAsync("Kd.Benchmarks", arguments);

    /// <summary>Runs a program below bench/ to its end, at most 10 minutes.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunProgramAsync(string project, params string[] arguments)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "bench", project, "bin", output.Parent!.Name, output.Name, project + ".dll");
        Assert.True(File.Exists(program), $"{program} is absent: build the solution first");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Threads of libtorch and PyTorch that wait for work would else spin, and take the processors of each other and of the tests beside them.
        start.Environment["OMP_WAIT_POLICY"] = "PASSIVE";
        using var process = Process.Start(start)!;
        var (printed, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(s_longest);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, await printed, $"{await errors}\nNot finished after {s_longest}.");
        }

        return (process.ExitCode, await printed, await errors);
    }
}
