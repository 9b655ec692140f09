using Kd.Settings;
using Kd.Training.Configuration;

namespace Kd.Training.Studies;

/// <summary>An alternative that a study compares with others.</summary>
/// <param name="Name">Name of the row in the table and of the folder.</param>
/// <param name="Method">Method of the runs.</param>
/// <param name="Adapt">Changes the study's settings, which already have the seed of the repetition.</param>
internal sealed record StudyArm(string Name, string Method, Func<RunConfiguration, RunConfiguration> Adapt)
{
    private static readonly int[] s_views = [1, 2, 4, 8, 16, 0];

    /// <summary>How long a run takes, roughly, relative to other arms: the longest start first, so that none is left when the others have ended.</summary>
    public double Length { get; private init; } = 1;

    /// <summary>Creates an arm that runs a method with the study's own settings.</summary>
    public static StudyArm Of(string method) => new(method, method, configuration => configuration) { Length = method == Methods.KdCurriculum ? 1.5 : 1 };

    /// <summary>Creates the arms of the configured study.</summary>
    public static IReadOnlyList<StudyArm> All(RunConfiguration configuration) =>
        configuration.Run.Study switch
        {
            StudyKinds.Methods => [.. Methods.Study.Select(Of)],
            StudyKinds.Views => [.. s_views.Select(OfViews)],
            StudyKinds.Students => [.. StudentList.TryParse(configuration.Student.Compare)!.Select(OfStudent)],
            StudyKinds.Curriculum => CurriculumArms.All,
            _ => [Of(configuration.Distillation.Method)],
        };

    private static StudyArm OfStudent((string Name, string Architecture, double Width) student) =>
        new(
            student.Name,
            Methods.Kd,
            configuration =>
                configuration with
                {
                    Student = configuration.Student.With(student.Architecture, student.Width),
                    // All layers start from random weights.
                    Training = configuration.Training.With(training => training.BackboneRate = 1),
                }
        )
        {
            Length = student.Width,
        };

    // Each arm and seed has its own views, so that none profits from views that the teacher has labeled for another.
    private static StudyArm OfViews(int count) =>
        new(
            count == 0 ? "views-fresh" : $"views-{count}",
            Methods.Kd,
            configuration =>
                configuration with
                {
                    Views = configuration.Views.With(count, configuration.Views.Seed + 1000 * (count + 1) + configuration.Run.Seed),
                }
        );
}
