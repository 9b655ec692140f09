using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Training;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;

return await ServiceProgram.RunAsync(
    () => TrainerExtensions.BuildStudentTrainer(args),
    error => error is CheckpointException or DatasetException or TorchLoadException or TrainingException);
