using System.Globalization;
using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>Divides the cores of the machine among the processes that train at the same time.</summary>
/// <remarks>Threads of OpenMP wait for each other in a loop: two processes with more threads than cores take most of the machine from each other.</remarks>
internal static class ThreadShare
{
    /// <summary>Computes the threads of one run; <c>OMP_NUM_THREADS</c> limits the cores.</summary>
    public static int Of(RunOptions run) => Math.Max(1, Cores / (run.HasSeveralRuns ? Math.Max(1, run.Workers) : 1));

    /// <summary>Threads of a run that has the machine for itself.</summary>
    public static int Cores { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? Math.Min(limit, Environment.ProcessorCount)
            : Environment.ProcessorCount;
}
