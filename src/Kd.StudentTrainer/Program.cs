using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Hosting;

return await ServiceProgram.RunAsync(() => TrainerExtensions.BuildStudentTrainer(args));
