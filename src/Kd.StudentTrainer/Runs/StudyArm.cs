using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>One of the things that a study compares.</summary>
/// <param name="Name">Its row of the table and its folder.</param>
/// <param name="Method">What the student learns from.</param>
/// <param name="Adapt">The settings that differ from the study's; the study's already carry the repetition's seed.</param>
internal sealed record StudyArm(string Name, string Method, Func<RunConfiguration, RunConfiguration> Adapt)
{
    private static readonly int[] s_views = [1, 2, 4, 8, 16, 0];

    /// <summary>An arm that is a method with the study's own settings.</summary>
    public static StudyArm Of(string method) => new(method, method, configuration => configuration);

    /// <summary>The arms of a kind of study.</summary>
    public static IReadOnlyList<StudyArm> All(RunConfiguration configuration) =>
        configuration.Run.Study switch
        {
            StudyKinds.Methods => [.. Methods.Study.Select(Of)],
            StudyKinds.Views => [.. s_views.Select(OfViews)],
            _ => [Of(configuration.Distillation.Method)],
        };

    // Each arm and seed has views of its own: none may profit from what the teacher has labelled for another.
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

/// <summary>What a study compares: the values of <c>Run:Study</c>.</summary>
internal static class StudyKinds
{
    /// <summary>No study: one run.</summary>
    public const string None = "none";

    /// <summary>The teacher and the four methods.</summary>
    public const string Methods = "methods";

    /// <summary>Distillation with 1 to 16 and with fresh views of each sample.</summary>
    public const string Views = "views";

    /// <summary>What the curriculum is worth.</summary>
    public const string Curriculum = "curriculum";
}
