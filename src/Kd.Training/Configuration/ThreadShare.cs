using System.Globalization;
using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>Divides the cores of the machine among the processes that train at the same time.</summary>
/// <remarks>Threads of OpenMP wait for each other in a loop: two processes with more threads than cores take most of the machine from each other.</remarks>
internal static class ThreadShare
{
    /// <summary>Computes the threads of one run; <c>OMP_NUM_THREADS</c> limits the cores.</summary>
    /// <param name="run">The run or study.</param>
    /// <param name="method">Method of a single run.</param>
    /// <param name="teacher">Cores that the teacher takes, if it is used.</param>
    public static int Of(RunOptions run, string method, int teacher)
    {
        var usesTeacher = run.Study != StudyKinds.None || Methods.UsesTeacher(method);
        var workers = run.HasSeveralRuns ? Math.Max(1, run.Workers) : 1;
        return Math.Max(1, (Cores - (usesTeacher ? teacher : 0)) / workers);
    }

    /// <summary>Threads of a run that has the machine for itself.</summary>
    public static int Cores { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"), CultureInfo.InvariantCulture, out var limit) && limit > 0
            ? Math.Min(limit, Environment.ProcessorCount)
            : Environment.ProcessorCount;
}
