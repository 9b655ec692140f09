using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Page;

/// <summary>A setting that has a field of its own on the page of a new run; what it allows comes from the options themselves.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Text">Before the field.</param>
/// <param name="Choices">Allowed values; empty: any that the options take.</param>
internal sealed record SettingField(string Name, string Text, IReadOnlyList<string> Choices)
{
    /// <summary>Those of the page, in their order.</summary>
    public static IReadOnlyList<SettingField> All { get; } =
    [
        Of<RunOptions>("Run:Study", "Study"),
        Of<DistillationOptions>("Distillation:Method", "Method, without a study"),
        Of<RunOptions>("Run:Seeds", "Repetitions"),
        Of<RunOptions>("Run:Seed", "First seed"),
        Of<TrainingOptions>("Training:Epochs", "Epochs"),
        Of<TrainingOptions>("Training:BatchSize", "Batch size"),
        Of<TrainingOptions>("Training:LearningRate", "Learning rate"),
        Of<DistillationOptions>("Distillation:Temperature", "Temperature"),
        Of<DistillationOptions>("Distillation:Alpha", "Weight of the labels (mixed)"),
        Of<ViewOptions>("Views:PerSample", "Views of a sample"),
        Of<StudentOptions>("Student:Width", "Width of the student"),
        Of<CurriculumOptions>("Curriculum:Policy", "Curriculum: policy"),
        Of<CurriculumOptions>("Curriculum:Strategy", "Curriculum: strategy"),
        Of<CurriculumOptions>("Curriculum:EpochRatio", "Curriculum: share of the dataset"),
    ];

    private static SettingField Of<T>(string name, string text)
    {
        var property = typeof(T).GetProperty(name.Split(':')[1]) ?? throw new InvalidOperationException($"{typeof(T).Name} has no setting {name}.");
        return new SettingField(name, text, [.. property.GetCustomAttribute<AllowedValuesAttribute>()?.Values.Select(value => value!.ToString()!) ?? []]);
    }
}
