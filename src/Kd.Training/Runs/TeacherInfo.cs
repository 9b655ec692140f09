namespace Kd.Training.Runs;

/// <summary>The teacher of a run.</summary>
/// <param name="Id">Id of the teacher's logits, which depends on weights and numerical settings.</param>
/// <param name="Architecture">Name of the network.</param>
internal sealed record TeacherInfo(string Id, string Architecture)
{
    /// <summary>Combines several teachers: the id has those of all with their weights, such as 0.5*abc+0.5*def.</summary>
    /// <param name="teachers">The teachers in order.</param>
    /// <param name="shares">Weight of each one, in sum 1.</param>
    public static TeacherInfo Of(IReadOnlyList<TeacherInfo> teachers, IReadOnlyList<double> shares) =>
        teachers.Count == 1
            ? teachers[0]
            : new(
                string.Join('+', teachers.Zip(shares, (teacher, share) => FormattableString.Invariant($"{share:0.####}*{teacher.Id}"))),
                string.Join(" and ", teachers.Select(teacher => teacher.Architecture))
            );
}
