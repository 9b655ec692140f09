using System.Diagnostics;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>Fills the disk of the run or of the agent.</summary>
[Collection(nameof(OneSystem))]
public sealed class DiskFaults(Reference reference)
{
    // The run's files need about 2 MiB: the disk is full at another write with each size.
    [Theory(Explicit = true)]
    [InlineData("run", 300)]
    [InlineData("run", 700)]
    [InlineData("run", 1100)]
    [InlineData("run", 1500)]
    [InlineData("agent", 8)]
    public async Task Disk_IsFullForAWhile_StopsOrWaitsAndGivesTheSameWeights(string name, int kilobytes)
    {
        using var folder = TestFiles.CreateFolder();
        using var disk = SmallDisk.Mount(folder.File(name), kilobytes);
        using var system = FaultySystem.Start(folder.Path);
        for (var watch = Stopwatch.StartNew(); !system.HasEnded && watch.Elapsed < TimeSpan.FromSeconds(60); )
            await Task.Delay(50, TestContext.Current.CancellationToken);
        if (system.HasEnded && system.ExitCode != 0)
            Assert.Contains("No space left", system.Output);

        disk.Resize(64 << 10);
        if (system.HasEnded && system.ExitCode != 0)
            system.StartAgain("trainer");
        await system.WaitForEndAsync();
        Assert.Equal(reference.Result, system.Result());
    }
}
