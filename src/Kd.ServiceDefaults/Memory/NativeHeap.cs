using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Kd.ServiceDefaults.Memory;

/// <summary>
/// Returns freed native memory to the system, once a minute and where <see cref="TryTrim"/> is called. glibc gives threads up to eight heaps for each core, and
/// each keeps what it has freed: threads that come and go let a process grow for hours.
/// </summary>
public sealed partial class NativeHeap(TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (TryTrim() && await timer.WaitForNextTickAsync(stoppingToken)) { }
    }

    /// <summary>Returns what can be returned now.</summary>
    /// <returns>Whether the system's C library can do it.</returns>
    public static bool TryTrim()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            _ = Trim(0);
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc.
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint kept);
}
