using System.Diagnostics;
using System.Globalization;

namespace Kd.Benchmarks;

/// <summary>Runs a script of bench/pytorch, which responds to each line with one measurement.</summary>
internal sealed class PyTorchPeer : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly Process _process;

    private PyTorchPeer(Process process) => _process = process;

    /// <summary>Starts a script; null if Debian's python3-torch and python3-torchvision are not installed.</summary>
    public static async Task<PyTorchPeer?> StartAsync(string script, params object[] arguments)
    {
        if (!await IsInstalledAsync())
            return null;
        var start = new ProcessStartInfo(
            Python,
            [
                Path.Combine(AppContext.BaseDirectory, "pytorch", script),
                .. arguments.Select(argument => Convert.ToString(argument, CultureInfo.InvariantCulture)!),
            ]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() == "ready")
            return new PyTorchPeer(process);
        throw new InvalidOperationException($"The PyTorch peer {script} ended before it was ready; see its message above.");
    }

    private static async Task<bool> IsInstalledAsync()
    {
        if (!File.Exists(Python))
            return false;
        using var process = Process.Start(
            Python,
            ["-c", "import sys; from importlib.util import find_spec; sys.exit(not (find_spec('torch') and find_spec('torchvision')))"]
        );
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }

    /// <summary>Takes one measurement.</summary>
    public async Task<double> MeasureAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The PyTorch peer ended; see its message above.");
        return double.Parse(line, CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
