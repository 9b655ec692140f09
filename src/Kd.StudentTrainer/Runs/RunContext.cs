using Kd.Protocol.Teacher.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Runs;

/// <summary>The settings of a run, as they were resolved.</summary>
internal sealed record RunConfiguration(
    RunOptions Run,
    DatasetOptions Dataset,
    ViewOptions Views,
    StudentOptions Student,
    TrainingOptions Training,
    DistillationOptions Distillation,
    CurriculumOptions Curriculum,
    TeacherClientOptions TeacherClient,
    AgentClientOptions AgentClient,
    string Device
);

/// <summary>What the runs of a study share.</summary>
/// <param name="Id">Name of the run's folder.</param>
/// <param name="Configuration">The resolved settings.</param>
/// <param name="Dataset">The pictures.</param>
/// <param name="Planner">Chooses the views.</param>
/// <param name="Teacher">The teacher service; null where no method needs it.</param>
/// <param name="TeacherDescription">What it serves; null like <paramref name="Teacher"/>.</param>
/// <param name="Agent">The curriculum agent.</param>
/// <param name="Progress">What the user sees.</param>
/// <param name="Control">What the user asks for.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Takes the runs' log messages.</param>
internal sealed record RunContext(
    string Id,
    RunConfiguration Configuration,
    ImageDataset Dataset,
    ViewPlanner Planner,
    TeacherClient? Teacher,
    DescribeReply? TeacherDescription,
    CurriculumClient Agent,
    ConsoleProgress Progress,
    RunControl Control,
    TimeProvider Time,
    ILogger Log
)
{
    /// <summary>The same with views by the configuration's own seed.</summary>
    public RunContext Replanned() => this with { Planner = DatasetLoader.PlanViews(Dataset, Configuration.Views.Size, Configuration.Views.Seed) };

    /// <summary>A pipeline over one of the splits.</summary>
    public BatchPipeline Pipeline(ImageSplit split) => new(split, Planner, Teacher, Configuration.Run.Prefetch);
}
