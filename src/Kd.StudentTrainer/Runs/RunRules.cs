using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Training;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Runs;

/// <summary>A curriculum moves the temperature between 2 and 8, so it must begin there.</summary>
internal sealed class CurriculumTemperatureRule(IOptions<RunOptions> run) : IValidateOptions<DistillationOptions>
{
    public ValidateOptionsResult Validate(string? name, DistillationOptions options) =>
        (run.Value.Study is StudyKinds.Methods or StudyKinds.Curriculum || options.Method == Methods.KdCurriculum) && options.Temperature is < 2 or > 8
            ? ValidateOptionsResult.Fail(
                $"Distillation:Temperature is '{options.Temperature}'. With a curriculum (kd-curriculum, or Run:Study=methods or curriculum) it must be between 2 and 8."
            )
            : ValidateOptionsResult.Success;
}

/// <summary>What the curriculum's settings and the study need together.</summary>
internal sealed class CurriculumRule(IOptions<RunOptions> run) : IValidateOptions<CurriculumOptions>
{
    public ValidateOptionsResult Validate(string? name, CurriculumOptions options)
    {
        if (options.Policy == "ppo-warm" && options.Learnt.Length == 0)
            return ValidateOptionsResult.Fail("Curriculum:Learnt is empty. With Curriculum:Policy=ppo-warm it must name a learnt policy.");
        return run.Value is { Study: StudyKinds.Curriculum, Seeds: < 2 }
            ? ValidateOptionsResult.Fail(
                $"Run:Seeds is '{run.Value.Seeds}'. Run:Study=curriculum compares seed by seed and needs at least 2; 5 or more are advised."
            )
            : ValidateOptionsResult.Success;
    }
}

/// <summary>A run must not share a folder with something else.</summary>
internal sealed class RunNameRule : IValidateOptions<RunOptions>
{
    public ValidateOptionsResult Validate(string? name, RunOptions options) =>
        options.Id is { } id && RunOptions.OtherFolders.Contains(id)
            ? ValidateOptionsResult.Fail($"Run:Id is '{id}'. Run:Folder has a folder of that name for something else; give the run another name.")
            : ValidateOptionsResult.Success;
}

/// <summary>A warm-up must leave epochs for the cosine.</summary>
internal sealed class WarmupRule : IValidateOptions<TrainingOptions>
{
    public ValidateOptionsResult Validate(string? name, TrainingOptions options) =>
        options.WarmupEpochs >= options.Epochs
            ? ValidateOptionsResult.Fail($"Training:WarmupEpochs is '{options.WarmupEpochs}'. It must be below Training:Epochs ({options.Epochs}).")
            : ValidateOptionsResult.Success;
}
