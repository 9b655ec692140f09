namespace Kd.Training.Artifacts;

/// <summary>A study with its finished rows and the runs of its arms.</summary>
/// <param name="Name">Folder of the study, relative to Run:Folder.</param>
/// <param name="Rows">Finished rows of the comparison, the teacher's among them.</param>
/// <param name="Runs">Runs of the comparison that have finished an epoch, by name.</param>
/// <param name="IsFinished">Whether the study has ended.</param>
public sealed record StudySummary(string Name, IReadOnlyList<RunResult> Rows, IReadOnlyList<RunSummary> Runs, bool IsFinished)
{
    /// <summary>Name of the teacher's row.</summary>
    public const string TeacherRow = "teacher";

    /// <summary>Name of the row of the mean of several teachers.</summary>
    public const string TeachersMeanRow = TeacherRow + "-mean";

    /// <summary>Test accuracy of the teacher, or of the mean of several, percent; null while unknown.</summary>
    public double? TeacherAccuracy => MeanAccuracy(TeacherRow) ?? MeanAccuracy(TeachersMeanRow);

    /// <summary>Whether a row is that of a teacher, or of the mean of several.</summary>
    public static bool IsTeacher(string method) => method == TeacherRow || method.StartsWith(TeacherRow + "-", StringComparison.Ordinal);

    /// <summary>Names of the teachers' rows: teacher for one; teacher-0, teacher-1 and so on for several.</summary>
    /// <param name="teachers">Number of teachers.</param>
    public static IEnumerable<string> TeacherRows(int teachers) =>
        teachers == 1 ? [TeacherRow] : Enumerable.Range(0, teachers).Select(index => FormattableString.Invariant($"{TeacherRow}-{index}"));

    /// <summary>The mean test accuracy of a method or arm over its seeds, percent; null where no row is finished.</summary>
    public double? MeanAccuracy(string method) =>
        Rows.Where(row => row.Method == method).Select(row => (double?)row.TestAccuracy).DefaultIfEmpty(null).Average();

    /// <summary>The method or arm with the best mean test accuracy among the students; null before two of them have finished a run.</summary>
    public string? Winner =>
        Rows.Select(row => row.Method).Where(method => !IsTeacher(method)).Distinct().ToList() is { Count: > 1 } students ? students.MaxBy(MeanAccuracy) : null;

    /// <summary>Whether another reading of the study found the same.</summary>
    public bool HasSameContent(StudySummary other) => IsFinished == other.IsFinished && Rows.SequenceEqual(other.Rows) && Runs.SequenceEqual(other.Runs);

    /// <summary>Name of the arm of a run: the first folder below the study's.</summary>
    public string ArmOf(RunSummary run) => run.Name[(Name.Length + 1)..].Split('/')[0];
}
