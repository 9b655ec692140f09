using System.Diagnostics;

namespace Kd.Tests;

/// <summary>A Python program that uses torchvision, the independent peer of this project's networks.</summary>
internal static class PythonProgram
{
    // Debian's packages are installed for the system's Python, which may not be the first in the path.
    private const string Python = "/usr/bin/python3";
    private const string Missing = "needs Debian's python3-torchvision";

    /// <summary>Runs a program to its end; skips the test where torchvision is not installed.</summary>
    /// <returns>What it printed, and what it printed as errors.</returns>
    public static async Task<(string Output, string Errors)> RunAsync(string program, params string[] arguments)
    {
        Assert.SkipUnless(File.Exists(Python), Missing);
        using var process = Process.Start(
            new ProcessStartInfo(Python, ["-c", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var reading = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await reading;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(errors.Contains("No module named 'torch", StringComparison.Ordinal), Missing);
        Assert.True(process.ExitCode == 0, errors + output);
        return (output, errors);
    }
}
