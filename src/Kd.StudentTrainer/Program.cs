using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Runs;

return await ServiceProgram.RunAsync(() => TrainerExtensions.BuildStudentTrainer(args));
