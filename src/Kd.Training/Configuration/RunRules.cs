using Kd.Settings;
using Kd.Vision.Models;

namespace Kd.Training.Configuration;

/// <summary>Checks the rules that span several settings of a run.</summary>
internal static class RunRules
{
    /// <summary>Finds all violations.</summary>
    public static IEnumerable<SettingProblem> FindProblems(RunConfiguration configuration) =>
        FindProblemsOfTheRun(configuration)
            .Concat(FindMethodsWithoutLabels(configuration))
            .Concat(LabelRules.FindProblems(configuration))
            .Concat(FindProblemsOfTheCurriculum(configuration.Curriculum))
            .Concat(
                configuration.Run.Study == StudyKinds.Students
                    ? FindProblemsOfTheStudents(configuration.Student)
                    : FindProblemsOfTheStudent(configuration.Student)
            );

    private static IEnumerable<SettingProblem> FindProblemsOfTheRun(RunConfiguration configuration)
    {
        var (run, training) = (configuration.Run, configuration.Training);
        if (run.Id is { } id && RunOptions.OtherFolders.Contains(id))
            yield return new("Run:Id", $"Run:Id is '{id}'. Run:Folder uses that name for another folder; give the run another name.");
        if (HasCurriculum(configuration) && configuration.Distillation.Temperature is var temperature and (< 2 or > 8))
            yield return new(
                "Distillation:Temperature",
                $"Distillation:Temperature is '{temperature}'. "
                    + "With a curriculum (kd-curriculum, or Run:Study=methods or curriculum) it must be between 2 and 8."
            );
        // Shards have the labels of one teacher.
        var teachers = string.IsNullOrEmpty(configuration.Labels.Path) ? configuration.TeacherClient.Addresses.Count : 1;
        var weights = configuration.Distillation.TeacherWeights;
        if (TeacherShares.TryParse(weights, teachers) is null)
            yield return new(
                "Distillation:TeacherWeights",
                $"Distillation:TeacherWeights is '{weights}'. Expected a number above 0 for each teacher ({teachers}), separated by commas, such as 2,1."
            );
        if (training.WarmupEpochs >= training.Epochs)
            yield return new(
                "Training:WarmupEpochs",
                $"Training:WarmupEpochs is '{training.WarmupEpochs}'. It must be below Training:Epochs ({training.Epochs})."
            );
        if (training.BackboneRate < 1 && string.IsNullOrEmpty(configuration.Student.Weights))
            yield return new(
                "Training:BackboneRate",
                $"Training:BackboneRate is '{training.BackboneRate}'. "
                    + "Below 1 it needs Student:Weights: layers that start from random weights would hardly learn."
            );
        if (run is { Study: StudyKinds.Curriculum, Seeds: < 2 })
            yield return new(
                "Run:Seeds",
                $"Run:Seeds is '{run.Seeds}'. Run:Study=curriculum compares seed by seed and needs at least 2; 5 or more are recommended."
            );
    }

    private static IEnumerable<SettingProblem> FindMethodsWithoutLabels(RunConfiguration configuration)
    {
        if (configuration.Dataset.Path != DatasetOptions.None)
            yield break;
        var (run, method) = (configuration.Run, configuration.Distillation.Method);
        if (run.Study is StudyKinds.Methods or StudyKinds.Curriculum)
            yield return new(
                "Run:Study",
                $"Run:Study is '{run.Study}', whose arms need labels, but Dataset:Path is 'none'. Use Run:Study=none (one run), views or students."
            );
        if (run is { Study: StudyKinds.None, Task: RunOptions.Train or RunOptions.Teacher } && Methods.UsesLabels(method))
            yield return new(
                "Distillation:Method",
                $"Distillation:Method is '{method}', which needs labels, but Dataset:Path is 'none'. Use kd or kd-curriculum."
            );
    }

    private static IEnumerable<SettingProblem> FindProblemsOfTheCurriculum(CurriculumOptions curriculum)
    {
        if (!ResolutionSchedule.TryParse(curriculum.Resolutions, out _))
            yield return new(
                "Curriculum:Resolutions",
                $"Curriculum:Resolutions is '{curriculum.Resolutions}'. Expected shares of the size and of the run, each stage after the one before: "
                    + "0.625:0.25,0.75:0.5, or none."
            );
        if (curriculum.DecidesSize && curriculum.Settle >= curriculum.Every)
            yield return new("Curriculum:Settle", $"Curriculum:Settle is '{curriculum.Settle}'. It must be below Curriculum:Every ({curriculum.Every}).");
        if (!SizeList.TryParse(curriculum.Sizes, out _))
            yield return new(
                "Curriculum:Sizes",
                $"Curriculum:Sizes is '{curriculum.Sizes}'. Expected two or more shares of the size that ascend to 1: 0.625,0.75,0.875,1."
            );
    }

    private static IEnumerable<SettingProblem> FindProblemsOfTheStudent(StudentOptions student)
    {
        if (!ModelCatalog.Architectures.Contains(student.Architecture))
            yield return new(
                "Student:Architecture",
                $"Student:Architecture is '{student.Architecture}'. Known: {string.Join(", ", ModelCatalog.Architectures)}."
            );
        else if (student.Width != 1 && !ModelCatalog.HasWidth(student.Architecture))
            yield return new("Student:Width", $"Student:Width is '{student.Width}', but {student.Architecture} has no width multiplier. Set it to 1.");
    }

    private static IEnumerable<SettingProblem> FindProblemsOfTheStudents(StudentOptions student)
    {
        if (StudentList.TryParse(student.Compare) is null)
            yield return new(
                "Student:Compare",
                $"Student:Compare is '{student.Compare}'. Expected two or more different networks, a width after a colon where one has it: "
                    + $"mobilenet_v2:0.5,mobilenet_v3_small,resnet18. Known: {string.Join(", ", ModelCatalog.Architectures)}."
            );
    }

    // A curriculum changes the temperature between 2 and 8, so it must start in that range.
    private static bool HasCurriculum(RunConfiguration configuration) =>
        configuration.Run.Study is StudyKinds.Methods or StudyKinds.Curriculum || configuration.Distillation.Method == Methods.KdCurriculum;
}
