using System.Globalization;

namespace Kd.Settings;

/// <summary>
/// Sets of defaults by name. The defaults of the options are the best known ones (docs/curriculum.md has their evidence); <see cref="Reference"/> are those of
/// the reference, for comparison. A setting that is given wins over both.
/// </summary>
public static class Recipes
{
    /// <summary>The defaults of the options.</summary>
    public const string Best = "best";

    /// <summary>The manner of the reference.</summary>
    public const string Reference = "reference";

    /// <summary>The reference's strategy.</summary>
    public const string ReferenceStrategy = "mixed";

    /// <summary>The share of the dataset that an epoch of the reference visits.</summary>
    public const double ReferenceEpochRatio = 0.7;

    private const string Training = "Distillation:Recipe",
        Curriculum = "Curriculum:Preset";

    private static readonly Dictionary<string, string?> s_training = new()
    {
        ["Training:BatchSize"] = "128",
        ["Training:Optimizer"] = "adam",
        ["Training:LearningRate"] = "0.001",
        ["Training:FinalLearningRate"] = "0.000001",
        ["Training:Schedule"] = TrainingOptions.Cosine,
        ["Training:WeightDecay"] = "0.0001",
        ["Training:DecayNorms"] = "true",
        ["Training:Nesterov"] = "false",
        ["Training:GradientClip"] = "0",
    };

    private static readonly Dictionary<string, string?> s_curriculum = new()
    {
        ["Curriculum:Strategy"] = ReferenceStrategy,
        ["Curriculum:EpochRatio"] = ReferenceEpochRatio.ToString(CultureInfo.InvariantCulture),
        ["Curriculum:Policy"] = "ppo",
        ["Curriculum:Resolutions"] = CurriculumOptions.NoResolutions,
        ["Curriculum:Every"] = "0",
    };

    /// <summary>Sets the reference's options of training but the batch size, whatever was set before.</summary>
    /// <param name="training">The options to change.</param>
    /// <param name="learningRate">The learning rate instead of the reference's.</param>
    public static void UseReference(TrainingOptions training, double learningRate)
    {
        var batchSize = training.BatchSize;
        SectionReader.Read(training, TrainingOptions.Section, s_training.Select(entry => KeyValuePair.Create(entry.Key.Split(':')[1], entry.Value)));
        (training.BatchSize, training.LearningRate) = (batchSize, learningRate);
    }

    /// <summary>Returns the defaults that chosen recipes put in place of the options'.</summary>
    /// <param name="setting">Gets the value of a setting; null: it is not given.</param>
    public static IEnumerable<KeyValuePair<string, string?>> DefaultsFor(Func<string, string?> setting) =>
        [.. setting(Training) == Reference ? s_training : [], .. setting(Curriculum) == Reference ? s_curriculum : []];
}
