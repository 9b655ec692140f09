using System.Diagnostics;
using System.Globalization;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>A file system that loses at a power failure what has not been flushed (power_loss.py). Skips the test where it cannot be mounted.</summary>
internal sealed class LossyDisk : IDisposable
{
    // Debian's python3-fusepy belongs to this one.
    private const string Python = "/usr/bin/python3";
    private readonly Process _process;
    private bool _isOff;

    private LossyDisk(string path, Process process) => (Path, _process) = (path, process);

    public string Path { get; }

    /// <summary>Mounts it with what survived the last power failure.</summary>
    /// <param name="path">Where; a folder beside it holds the files.</param>
    /// <param name="seed">0: all that is not flushed gets lost; else some of it, by chance.</param>
    public static async Task<LossyDisk> MountAsync(string path, int seed)
    {
        Directory.CreateDirectory(path);
        Directory.CreateDirectory(path + ".disk");
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run(Python, "-c", "import fusepy") == 0, "needs Linux with FUSE and python3-fusepy");
        var script = System.IO.Path.Combine(TestFiles.RepositoryRoot, "tests", "Kd.Faults", "power_loss.py");
        var process = Process.Start(Python, [script, path, path + ".disk", seed.ToString(CultureInfo.InvariantCulture)]);
        while (!IsMounted(path))
        {
            Assert.SkipWhen(process.HasExited, "needs the right to mount a file system");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        return new LossyDisk(path, process);
    }

    /// <summary>Loses what has not been flushed. No process may have files open.</summary>
    public void PowerOff()
    {
        _isOff = true;
        Assert.Equal(0, Run("umount", Path));
        _process.WaitForExit();
        Assert.Equal(0, _process.ExitCode);
    }

    public void Dispose()
    {
        if (!_isOff)
            Run("umount", "--lazy", Path);
        _process.WaitForExit(TimeSpan.FromSeconds(10));
        _process.Dispose();
    }

    private static bool IsMounted(string path) => File.ReadAllText("/proc/mounts").Contains($" {path} fuse", StringComparison.Ordinal);

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
