using Kd.ServiceDefaults.Settings;
using Kd.Settings;
using Kd.Vision.Models;

namespace Kd.Training.Configuration;

/// <summary>
/// <c>Run:Task=teacher</c> in terms of the other settings: a run that trains the network of <c>Teacher:Architecture</c> instead of that of
/// <c>Student:Architecture</c>, on the labels.
/// </summary>
internal static class TeacherTraining
{
    private const string Architecture = "Student:Architecture",
        Weights = "Student:Weights",
        Method = "Distillation:Method",
        Study = "Run:Study";

    /// <summary>Returns the defaults of the task: fresh views, which cost no passes here, and small steps from weights that were trained before.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> DefaultsFor(IConfiguration configuration)
    {
        if (!IsTask(configuration))
            return [];
        KeyValuePair<string, string?>[] tuning = ReadTeacher(configuration).Weights is "" or TeacherOptions.RandomWeights
            ? []
            : [new("Training:LearningRate", "0.02"), new("Training:BackboneRate", "0.1")];
        return [new("Views:PerSample", "0"), .. tuning];
    }

    /// <summary>Returns what the task says about the network that is trained, and how.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> NetworkOf(IConfiguration configuration)
    {
        if (!IsTask(configuration))
            return [];
        var teacher = ReadTeacher(configuration);
        return
        [
            new(Architecture, teacher.Architecture),
            new(Weights, teacher.Weights == TeacherOptions.RandomWeights ? "" : teacher.Weights),
            new(Method, Methods.Labels),
            new(Study, StudyKinds.None),
        ];
    }

    /// <summary>Finds settings that contradict the task.</summary>
    /// <param name="configuration">The settings that were given.</param>
    public static IEnumerable<SettingProblem> FindProblems(IConfiguration configuration)
    {
        if (!IsTask(configuration))
            yield break;
        var network = ReadTeacher(configuration).Architecture;
        if (!ModelCatalog.Architectures.Contains(network))
            yield return new(
                "Teacher:Architecture",
                $"Teacher:Architecture is '{network}'. Run:Task=teacher can train {string.Join(", ", ModelCatalog.Architectures)}."
            );
        if (configuration[Architecture] is { } student)
            yield return new(
                Architecture,
                $"{Architecture} is '{student}', but Run:Task=teacher trains the network of Teacher:Architecture. Set that instead."
            );
        if (configuration[Weights] is { Length: > 0 } weights)
            yield return new(Weights, $"{Weights} is '{weights}', but Run:Task=teacher starts from Teacher:Weights. Set that instead.");
        if (configuration[Method] is { } method and not Methods.Labels)
            yield return new(Method, $"{Method} is '{method}', but Run:Task=teacher trains on the labels. Leave it out.");
        if (new RunOptions { Study = configuration[Study] ?? StudyKinds.None }.Study is var study and not StudyKinds.None)
            yield return new(Study, $"{Study} is '{study}', but Run:Task=teacher trains one network. Leave it out.");
    }

    private static bool IsTask(IConfiguration configuration) => configuration["Run:Task"] == RunOptions.Teacher;

    // Of its other settings, those of serving are checked by the teacher service.
    private static TeacherOptions ReadTeacher(IConfiguration configuration)
    {
        var options = new TeacherOptions();
        configuration.ReadSection(options, TeacherOptions.Section);
        return options;
    }
}
