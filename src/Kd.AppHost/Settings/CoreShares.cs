using System.Globalization;
using Kd.Settings;

namespace Kd.AppHost.Settings;

/// <summary>Divides the cores of the machine among the services, where the settings leave it open.</summary>
/// <remarks>
/// Threads of OpenMP wait for each other in loops: two processes with more threads than cores take most of the machine from each other. Two processes with a
/// thread each train more images per second than one with two threads, since the operations of a step do not divide evenly (docs/performance.md).
/// </remarks>
internal static class CoreShares
{
    private const string NvidiaDriver = "/dev/nvidiactl";

    /// <summary>Chooses the number of processes that train: one for each core and run of the study, but one alone on a GPU, which it keeps busy.</summary>
    /// <param name="setting">Gets the value of a setting; null if it is not given. Wrong values are reported elsewhere.</param>
    public static int Workers(Func<string, string?> setting)
    {
        if (!IsTraining(setting) || UsesGpu(setting))
            return 1;
        var seeds = int.TryParse(setting("Run:Seeds"), CultureInfo.InvariantCulture, out var number) ? number : 1;
        var options = new RunOptions { Study = setting("Run:Study") ?? StudyKinds.None };
        var students = setting("Student:Compare") ?? new StudentOptions().Compare;
        var arms = options.Study == StudyKinds.Students ? students.Split(',').Length : StudyKinds.ArmsOf(options.Study);
        return (int)Math.Clamp((long)arms * seeds, 1, Environment.ProcessorCount);
    }

    /// <summary>
    /// Chooses the threads of a teacher beside the processes that train: a share of the cores for small networks of small views, which several teachers
    /// divide; all cores for others, since the students then wait for it; 0: all cores.
    /// </summary>
    /// <param name="setting">Gets the value of a setting, Run:Workers among them; null if it is not given.</param>
    /// <param name="teacher">The teacher.</param>
    /// <param name="teachers">All teachers.</param>
    public static int TeacherThreads(Func<string, string?> setting, TeacherSettings teacher, IReadOnlyList<TeacherSettings> teachers) =>
        HasShare(setting, teacher, out var workers) ? Math.Max(1, Environment.ProcessorCount / (workers + 1) / Processes(teachers)) : 0;

    /// <summary>
    /// Tells how many cores small teachers take from single runs and workers that use them. A thread more than cores would wait for the others in a loop, and
    /// slow all down as long as views are labeled. 0: none, since students wait for a large teacher.
    /// </summary>
    /// <param name="setting">Gets the value of a setting, Run:Workers among them.</param>
    /// <param name="teachers">All teachers.</param>
    public static int TeacherCores(Func<string, string?> setting, IReadOnlyList<TeacherSettings> teachers) =>
        teachers.Where(teacher => HasShare(setting, teacher, out _)).Sum(teacher => (teacher.Threads ?? 0) * (teachers.Count == 1 ? 1 : teacher.Replicas));

    // The replicas of a single teacher take turns.
    private static int Processes(IReadOnlyList<TeacherSettings> teachers) => teachers.Count == 1 ? 1 : Math.Max(1, teachers.Sum(teacher => teacher.Replicas));

    private static bool HasShare(Func<string, string?> setting, TeacherSettings teacher, out int workers)
    {
        workers = 0;
        return IsTraining(setting) && teacher.IsSmall && int.TryParse(setting("Run:Workers"), CultureInfo.InvariantCulture, out workers) && workers > 0;
    }

    private static bool IsTraining(Func<string, string?> setting) => (setting("Run:Task") ?? RunOptions.Train) is RunOptions.Train or RunOptions.Serve;

    private static bool UsesGpu(Func<string, string?> setting) => HasGpu(setting("Student:Device") is { Length: > 0 } own ? own : setting(SharedNames.Device));

    private static bool HasGpu(string? device) =>
        device?.StartsWith("cuda", StringComparison.Ordinal) == true || (device is null or "auto" && File.Exists(NvidiaDriver));
}
